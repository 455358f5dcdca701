import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { Duplex } from 'node:stream';
import { sayLast } from './guard-server.ts';
import { hasBody } from './sent-body.ts';

/** The status of who agreed to an upgrade. */
export const SWITCHED = 101;

/** Protocols of the connection itself, which ends here: no application can agree to them. */
const OF_CONNECTIONS = /^(h2c?|http\/.*|tls\/.*)$/i;

/** What a client offers to go on in, but for what no application can agree to. */
export const agreeable = (upgrade = ''): string =>
  upgrade
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !OF_CONNECTIONS.test(name))
    .join(', ');

/**
 * Whether an offer is passed on. It may be ignored (RFC 9110 §7.8), and is where it comes with a body, which could
 * not be told from what is said in the other protocol: then it is a request like any other.
 */
export const isUpgrade = (request: IncomingMessage): boolean =>
  request.httpVersion === '1.1' && !hasBody(request) && agreeable(request.headers.upgrade) !== '';

/**
 * What answers on a connection that the server handed over, as long as nobody agreed to an upgrade; undefined where what
 * was asked before it on the connection is not answered yet.
 */
export function respondOn(socket: Duplex, request: IncomingMessage): ServerResponse | undefined {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  try {
    response.assignSocket(socket as Socket);
  } catch {
    return undefined;
  }
  socket.on('drain', () => void response.emit('drain'));
  response.once('finish', () => {
    response.detachSocket(socket as Socket);
    sayLast(socket, '');
  });
  return response;
}

/** So much is read of who goes on before anybody agreed, and no more. */
const MOST_AHEAD = 64 * 1024;

/**
 * Reads on where an upgrade was offered, since nobody else does: who leaves before it is agreed to is heard of. Call the
 * answer, once, for all that was sent behind the request until then.
 */
export function readAhead(response: ServerResponse, socket: Duplex, head: Buffer): () => Buffer {
  const parts = [head];
  let size = head.length;
  const keep = (part: Buffer): void => {
    parts.push(part);
    size += part.length;
    if (size > MOST_AHEAD) socket.pause();
  };
  const leave = (): void => void socket.destroy();
  const stop = (): void => void socket.off('data', keep).off('end', leave);
  socket.on('data', keep).once('end', leave);
  response.once('finish', stop);
  return () => {
    socket.pause();
    stop();
    return Buffer.concat(parts);
  };
}

type Joining = {
  /** How long one side may be silent that the other said its last to. */
  idleMs: number;
  over(): void;
};

/** Passes every byte both ways, and calls `over` when that ends. */
export function join(client: Duplex, upstream: Duplex, { idleMs, over }: Joining): void {
  const close = (): void => {
    client.destroy();
    upstream.destroy();
  };
  client.once('close', over);
  // each pipeline listens for the end of both in several ways
  for (const end of [client, upstream]) end.setMaxListeners(20).once('close', close);
  client.once('end', () => (upstream as Socket).setTimeout(idleMs, close));
  upstream.once('end', () => (client as Socket).setTimeout(idleMs, close));
  const ended = (error?: Error | null): void => (error ? close() : undefined);
  pipeline(upstream, client, ended);
  pipeline(client, upstream, ended);
}
