import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { forwardedHeaders } from './forwarded-headers.ts';

/** Where an upgraded connection goes. */
export type UpgradeTarget = { host: string; port: number } | { path: string };

const CONNECT_WITHIN = 10_000;

/**
 * Passes an upgrade (WebSocket) on and then every byte both ways, without any time-out: a notebook may
 * be silent for hours.
 */
export function forwardUpgrade(
  {
    request,
    socket,
    head,
    id,
  }: { request: IncomingMessage; socket: Duplex; head: Buffer; id: string },
  target: UpgradeTarget,
  over: () => void,
): void {
  const upstream = connect(target);
  upstream.setTimeout(CONNECT_WITHIN, () => upstream.destroy());
  let open = true;
  const close = (): void => {
    socket.destroy();
    upstream.destroy();
    if (open) over();
    open = false;
  };
  upstream.once('connect', () => {
    upstream.setTimeout(0);
    upstream.write(requestHead(request, id));
    upstream.write(head);
    upstream.pipe(socket);
    socket.pipe(upstream);
  });
  upstream.once('error', () => {
    if (upstream.bytesWritten === 0) socket.end(refusal(id));
  });
  for (const end of [upstream, socket]) end.once('close', close);
  socket.once('error', close);
}

function requestHead(request: IncomingMessage, id: string): string {
  const headers = forwardedHeaders(request, id);
  headers.push('Connection', 'Upgrade', 'Upgrade', request.headers.upgrade ?? '');
  const lines = [`${request.method} ${request.url} HTTP/1.1`];
  for (let index = 0; index < headers.length; index += 2)
    lines.push(`${headers[index]}: ${headers[index + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

export const refusal = (id: string): string =>
  `HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\nX-Request-Id: ${id}\r\n\r\n`;
