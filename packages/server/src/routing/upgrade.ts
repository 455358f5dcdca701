import { STATUS_CODES, request as ask } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import type { Duplex } from 'node:stream';
import { hasBody, isRefused } from './forward.ts';
import { answeredHeaders, forwardedHeaders } from './forwarded-headers.ts';
import type { Origin } from './forwarded-headers.ts';
import { ownErrors, sayLast } from './guard-server.ts';

/** A connection that is to go on in another protocol (WebSocket). */
export type Upgrade = {
  request: IncomingMessage;
  socket: Duplex;
  /** What the client sent after its request. */
  head: Buffer;
  id: string;
  origin: Origin;
};

/** Where an upgraded connection goes. */
export type UpgradeTarget = { host: string; port: number } | { socketPath: string };

const ANSWER_WITHIN = 60_000;

/**
 * Passes an upgrade on and then every byte both ways, without any time-out: a notebook may be silent for
 * hours. Nothing more of the client's is passed before the other side agreed: what it sends would be
 * taken for requests that came past us. Calls `done` once; `refused` where nobody listens.
 */
export function forwardUpgrade(
  upgrade: Upgrade,
  target: UpgradeTarget,
  done: (outcome: 'over' | 'refused') => void,
): void {
  const { request, socket, head, id } = upgrade;
  if (socket.destroyed) return done('over');
  if (hasBody(request)) {
    answerUpgrade(socket, 400, id);
    return done('over');
  }
  const asked = askFor(upgrade, target);
  const leave = (): void => void asked.destroy();
  socket.once('close', leave);
  asked.once('timeout', leave);
  let answered = false;
  asked.on('error', (error: NodeJS.ErrnoException) => {
    socket.off('close', leave);
    if (answered) return void socket.destroy();
    answered = true;
    if (isRefused(error) && !socket.destroyed) return done('refused');
    answerUpgrade(socket, 502, id);
    done('over');
  });
  asked.once('response', (answer) => {
    answered = true;
    const headers = [...answeredHeaders(answer.rawHeaders, id), 'Connection', 'close'];
    socket.once('close', () => done('over'));
    socket.write(headOf(answer, headers), 'latin1');
    // without a length its end is the connection's: what breaks off must not look whole
    pipeline(answer, socket, (error) => void (error && socket.destroy()));
  });
  asked.once('upgrade', (answer, upstream, first) => {
    answered = true;
    upstream.setTimeout(0);
    socket.write(headOf(answer, answer.rawHeaders), 'latin1');
    socket.write(first);
    ownErrors(upstream).write(head);
    join(socket, upstream, () => done('over'));
  });
  asked.end();
}

function askFor(upgrade: Upgrade, target: UpgradeTarget): ClientRequest {
  const { request } = upgrade;
  const { method = 'GET', url: path = '/' } = request;
  const headers = [...forwardedHeaders(request, upgrade), 'Connection', 'Upgrade'];
  headers.push('Upgrade', request.headers.upgrade ?? '');
  return ask({ ...target, method, path, headers, agent: false, timeout: ANSWER_WITHIN });
}

function join(client: Duplex, upstream: Duplex, over: () => void): void {
  const close = (): void => {
    client.destroy();
    upstream.destroy();
  };
  client.once('close', over);
  // each pipeline listens for the end of both in several ways
  for (const end of [client, upstream]) end.setMaxListeners(20).once('close', close);
  const ended = (error?: Error | null): void => (error ? close() : undefined);
  pipeline(upstream, client, ended);
  pipeline(client, upstream, ended);
}

function headOf({ statusCode = 502 }: IncomingMessage, headers: readonly string[]): string {
  const lines = [`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? ''}`];
  for (let index = 0; index < headers.length; index += 2)
    lines.push(`${headers[index]}: ${headers[index + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Programs alone ask for upgrades: no page, the status says it. */
export const answerUpgrade = (socket: Duplex, status: number, id: string): void =>
  sayLast(
    socket,
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\nX-Request-Id: ${id}\r\n\r\n`,
  );
