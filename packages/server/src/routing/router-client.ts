import { request } from 'node:http';
import type { RouteTable, RouterStatus } from './route-table.ts';

/** What a router is told to start. */
export type Command = { file: string; args: readonly string[] };

type Question = { method: string; path: string; body?: object };

/** Asks a router on its control socket; rejects where it is not there or refuses. */
function ask<Answer>(
  socketPath: string,
  { method, path, body }: Question,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, signal, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        if (response.statusCode === 200) resolve(JSON.parse(text) as Answer);
        else reject(new Error(`the router answered ${response.statusCode}: ${text}`));
      });
    });
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

export const readStatus = (socketPath: string, signal: AbortSignal): Promise<RouterStatus> =>
  ask(socketPath, { method: 'GET', path: '/status' }, signal);

/** The table is on the router's disk and in use when this resolves. */
export const putTable = (
  socketPath: string,
  table: RouteTable,
  signal: AbortSignal,
): Promise<RouterStatus> => ask(socketPath, { method: 'PUT', path: '/table', body: table }, signal);

/** Starts another router, which inherits the listening sockets; its process. */
export const startSuccessor = (
  socketPath: string,
  command: Command,
  signal: AbortSignal,
): Promise<{ pid: number }> =>
  ask(socketPath, { method: 'POST', path: '/successor', body: command }, signal);

/** Reads the certificate's files again and shows what is in them. */
export const reloadCertificate = (socketPath: string, signal: AbortSignal): Promise<unknown> =>
  ask(socketPath, { method: 'POST', path: '/certificate' }, signal);

/** Takes nothing new, finishes what is under way, ends. */
export const drainRouter = (socketPath: string, signal: AbortSignal): Promise<unknown> =>
  ask(socketPath, { method: 'POST', path: '/drain' }, signal);

/** Resolves when the router is gone or takes nothing new: the connection tells, nobody asks again. */
export const whenGone = (socketPath: string, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const asked = request({ socketPath, path: '/presence', signal, agent: false }, (response) =>
      response.on('error', () => undefined).resume(),
    );
    asked.on('error', () => undefined);
    asked.on('close', resolve);
    asked.end();
  });
