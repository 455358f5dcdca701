import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Meant for one connection only (RFC 9110 §7.6.1), or ours to say. */
const DROPPED = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'http2-settings',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-request-id',
]);

/** A client's own id is kept where it is harmless. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{8,128}$/.test(given) ? given : randomUUID();
}

/** Names that the `Connection` header makes the connection's own. */
const listed = (connection: string | undefined): string[] =>
  connection === undefined
    ? []
    : connection
        .toLowerCase()
        .split(',')
        .map((name) => name.trim());

/** The client's headers as the instance gets them, with where the request came from. */
export function forwardedHeaders(request: IncomingMessage, id: string): string[] {
  const { rawHeaders, headers, socket } = request;
  const dropped = listed(headers.connection);
  const kept: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const lower = name.toLowerCase();
    if (!DROPPED.has(lower) && !dropped.includes(lower))
      kept.push(name, rawHeaders[index + 1] ?? '');
  }
  const before = headers['x-forwarded-for'];
  const client = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const trusted = typeof before === 'string' && /^[\d.:a-f, ]{1,200}$/i.test(before);
  kept.push('X-Forwarded-For', trusted ? `${before}, ${client}` : client);
  kept.push('X-Forwarded-Proto', 'http');
  kept.push('X-Forwarded-Host', headers.host ?? '');
  kept.push('X-Forwarded-Port', String(socket.localPort ?? ''));
  kept.push('X-Request-Id', id);
  return kept;
}

/** An instance's headers as the client gets them. */
export function answeredHeaders(raw: readonly (Buffer | string)[], id: string): string[] {
  const kept: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = String(raw[index]);
    const lower = name.toLowerCase();
    if (lower === 'connection' || lower === 'keep-alive' || lower === 'transfer-encoding') continue;
    if (lower === 'x-request-id' || lower === 'proxy-connection') continue;
    kept.push(name, String(raw[index + 1]));
  }
  kept.push('X-Request-Id', id);
  return kept;
}
