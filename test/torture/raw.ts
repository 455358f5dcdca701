import { randomInt } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { over } from './tally.ts';

/** Where attackers come from: limits by address do not count them together with the others. */
const ATTACKER = '127.0.0.2';

export type Asked = {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
};

/** Asks on a connection of its own; the status, or 0 where there came none. */
export function ask(port: number, asked: Asked, signal: AbortSignal): Promise<number> {
  return new Promise((resolve) => {
    const { method = 'GET', path, headers = {}, body } = asked;
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const place = { host: '127.0.0.1', localAddress: ATTACKER, port, agent: false as const };
    const outgoing = request({
      ...place,
      method,
      path,
      headers: { ...length, ...headers },
      signal,
    });
    outgoing.on('response', (answer) => {
      answer.on('error', () => undefined);
      answer.resume().once('close', () => resolve(answer.statusCode ?? 0));
    });
    outgoing.on('error', () => resolve(0));
    outgoing.end(body);
  });
}

/** A connection whose errors nobody minds. */
export function dial(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: ATTACKER });
    socket.on('error', () => resolve(undefined));
    socket.once('connect', () => resolve(socket));
  });
}

/** Sends the text, and resets at a random moment soon after, or at once. */
export async function sendAndReset(port: number, text: string | Uint8Array): Promise<void> {
  const socket = await dial(port);
  if (socket === undefined) return;
  socket.write(text);
  const pause = randomInt(0, 4);
  if (pause > 0) await new Promise((resolve) => setTimeout(resolve, randomInt(0, 2 ** pause)));
  socket.resetAndDestroy();
}

/** Opens so many connections that send this and then nothing; the first bytes of each answer. */
export async function hold(
  port: number,
  { times, text, signal }: { times: number; text: string; signal: AbortSignal },
): Promise<string[]> {
  const sockets = await Promise.all(Array.from({ length: times }, () => dial(port)));
  const heads = sockets.map((socket) => ({ socket, head: '' }));
  for (const one of heads) {
    one.socket?.on('data', (part: Buffer) => (one.head ||= part.toString('latin1').slice(0, 200)));
    one.socket?.write(text);
  }
  await over(signal);
  for (const { socket } of heads) socket?.resetAndDestroy();
  return heads.map(({ head }) => head);
}

/** The status of an answer's beginning, or 0. */
export const statusIn = (head: string): number =>
  Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
