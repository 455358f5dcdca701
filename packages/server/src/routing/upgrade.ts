import { STATUS_CODES, request as ask } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { hasBody, isRefused } from './forward.ts';
import { answeredHeaders, forwardedHeaders } from './forwarded-headers.ts';
import type { Origin } from './forwarded-headers.ts';

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
  const { method = 'GET', url: path = '/' } = request;
  if (hasBody(request)) {
    answerUpgrade(socket, 400, id);
    return done('over');
  }
  const headers = [...forwardedHeaders(request, upgrade), 'Connection', 'Upgrade'];
  headers.push('Upgrade', request.headers.upgrade ?? '');
  const asked = ask({ ...target, method, path, headers, agent: false, timeout: ANSWER_WITHIN });
  const leave = (): void => void asked.destroy();
  socket.once('close', leave).on('error', leave);
  asked.once('timeout', leave);
  asked.once('error', (error: NodeJS.ErrnoException) => {
    socket.off('close', leave);
    if (isRefused(error) && !socket.destroyed) return done('refused');
    answerUpgrade(socket, 502, id);
    done('over');
  });
  asked.once('response', (answer) => {
    socket.write(
      headOf(answer, [...answeredHeaders(answer.rawHeaders, id), 'Connection', 'close']),
    );
    // without a length its end is the connection's: what breaks off must not look whole
    answer.on('error', () => socket.destroy()).pipe(socket);
    socket.once('close', () => done('over'));
  });
  asked.once('upgrade', (answer, upstream, first) => {
    upstream.setTimeout(0);
    socket.write(headOf(answer, answer.rawHeaders));
    socket.write(first);
    upstream.write(head);
    join(socket, upstream, () => done('over'));
  });
  asked.end();
}

function join(client: Duplex, upstream: Duplex, over: () => void): void {
  const close = (): void => {
    client.destroy();
    upstream.destroy();
  };
  client.once('close', over);
  for (const end of [client, upstream]) end.once('close', close).once('error', close);
  upstream.pipe(client);
  client.pipe(upstream);
}

function headOf({ statusCode = 502 }: IncomingMessage, headers: readonly string[]): string {
  const lines = [`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? ''}`];
  for (let index = 0; index < headers.length; index += 2)
    lines.push(`${headers[index]}: ${headers[index + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Programs alone ask for upgrades: no page, the status says it. */
export const answerUpgrade = (socket: Duplex, status: number, id: string): void =>
  void socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\nX-Request-Id: ${id}\r\n\r\n`,
  );
