import { rmSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import type { RouteTable, RouterStatus, StartedWith } from './route-table.ts';
import type { Command } from './router-client.ts';
import type { Router } from './router.ts';

type ControlOptions = {
  router: Router;
  /** The socket to answer on. */
  path: string;
  /** Where the table is kept. */
  tablePath: string;
  startedWith: StartedWith;
  /** Starts another router with the listening sockets of this one; its process. */
  startSuccessor(command: Command): Promise<number>;
  /** Shows what is in the certificate's files now. */
  reloadCertificate(): Promise<void>;
};

type Site = ControlOptions & {
  draining: boolean;
  /** Those who want to know when this router is gone. */
  watchers: Set<ServerResponse>;
};

/** Takes tables and answers for the router, on a socket of its own. */
export function serveControl(options: ControlOptions): { server: Server; drain(): void } {
  const site: Site = { ...options, draining: false, watchers: new Set() };
  rmSync(site.path, { force: true });
  const server = createServer((request, response) => {
    respond(site, request, response).catch((error: unknown) =>
      answer(response, 400, { message: String(error) }),
    );
  });
  server.listen(site.path);
  server.on('close', () => rmSync(site.path, { force: true }));
  return { server, drain: () => drain(site) };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function respond(
  site: Site,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  switch (`${request.method} ${request.url}`) {
    case 'GET /status':
      return answer(response, 200, describe(site));
    case 'GET /presence':
      return attend(site, response);
    case 'PUT /table': {
      const taken = await takeTable(site, await readText(request));
      return answer(response, taken ? 200 : 409, describe(site));
    }
    case 'POST /successor': {
      const command = JSON.parse(await readText(request)) as Command;
      return answer(response, 200, { pid: await site.startSuccessor(command) });
    }
    case 'POST /certificate':
      await site.reloadCertificate();
      return answer(response, 200, {});
    case 'POST /drain':
      drain(site);
      return answer(response, 200, {});
    default:
      return answer(response, 404, {});
  }
}

/** An answer that ends when the router does, or takes nothing new. */
function attend({ draining, watchers }: Site, response: ServerResponse): void {
  response.writeHead(200).flushHeaders();
  if (draining) response.end();
  watchers.add(response);
  response.once('close', () => watchers.delete(response));
}

function drain(site: Site): void {
  if (site.draining) return;
  site.draining = true;
  site.router.drain();
  for (const response of site.watchers) response.end();
}

const describe = ({ router, startedWith, draining }: Site): RouterStatus => ({
  pid: process.pid,
  startedWith,
  draining,
  tableVersion: router.table().version,
  ports: { http: portOf(router.http), https: portOf(router.https) },
  inFlight: router.inFlight(),
  connections: router.connections(),
});

const portOf = (server: NetServer): number => (server.address() as AddressInfo | null)?.port ?? 0;

async function readText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

/** A table is on disk before it is used: whoever starts next has it too. */
async function takeTable({ router, tablePath }: Site, text: string): Promise<boolean> {
  const table = JSON.parse(text) as RouteTable;
  if (table.version < router.table().version) return false;
  await writeFile(`${tablePath}.${process.pid}`, text, { flush: true, mode: 0o600 });
  await rename(`${tablePath}.${process.pid}`, tablePath);
  return router.swap(table);
}
