import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** Meant for one connection only (RFC 9110 §7.6.1), or ours to say. */
const DROPPED: ReadonlySet<string> = new Set([
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

/** Many applications take `X_Forwarded_For` for `X-Forwarded-For`: so do we. */
const plainName = (name: string): string => name.toLowerCase().replaceAll('_', '-');

/** Names that the `Connection` header makes the connection's own. */
const listed = (connection: string | undefined): string[] =>
  connection === undefined ? [] : connection.split(',').map((name) => plainName(name.trim()));

/** Where a request came from, as instances and the access log are told. */
export type Origin = {
  client: string;
  forwardedFor: string;
  proto: string;
  host: string;
  port: string;
};

/** An IPv4 address in IPv6's words is an IPv4 address. */
const plainAddress = (address: string | undefined): string =>
  (address ?? '').replace(/^::ffff:/, '');

export const isLoopback = (address: string | undefined): boolean =>
  /^(127\.|::1$)/.test(plainAddress(address));

type Asked = Pick<IncomingMessage, 'headers'> & {
  socket: Pick<IncomingMessage['socket'], 'remoteAddress' | 'localPort'> &
    Partial<Pick<TLSSocket, 'encrypted'>>;
};

/** Whether it came over TLS. */
export const isEncrypted = ({ socket }: Pick<Asked, 'socket'>): boolean =>
  socket.encrypted === true;

/**
 * What forwarding headers say is believed from this machine alone, where a proxy of the operator's may
 * stand before us: anybody can write them.
 */
export function originOf(request: Asked): Origin {
  const { headers, socket } = request;
  const peer = plainAddress(socket.remoteAddress);
  const said = (name: string, rule: RegExp): string | undefined => {
    const value = isLoopback(peer) ? headers[name] : undefined;
    return typeof value === 'string' && rule.test(value) ? value : undefined;
  };
  const before = said('x-forwarded-for', /^[\d.:a-f, ]{1,200}$/i);
  return {
    client: before?.split(',').at(-1)?.trim() ?? peer,
    forwardedFor: before === undefined ? peer : `${before}, ${peer}`,
    proto: said('x-forwarded-proto', /^https?$/) ?? (isEncrypted(request) ? 'https' : 'http'),
    host: said('x-forwarded-host', /^[\w.:[\]-]{1,255}$/) ?? headers.host ?? '',
    port: said('x-forwarded-port', /^\d{1,5}$/) ?? String(socket.localPort ?? ''),
  };
}

/** The client's headers as the instance gets them, with where the request came from. */
export function forwardedHeaders(
  { rawHeaders, headers }: Pick<IncomingMessage, 'rawHeaders' | 'headers'>,
  { origin, id }: { origin: Origin; id: string },
): string[] {
  const dropped = listed(headers.connection);
  const kept: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const plain = plainName(name);
    if (!DROPPED.has(plain) && !dropped.includes(plain))
      kept.push(name, rawHeaders[index + 1] ?? '');
  }
  kept.push('X-Forwarded-For', origin.forwardedFor);
  kept.push('X-Forwarded-Proto', origin.proto);
  kept.push('X-Forwarded-Host', origin.host);
  kept.push('X-Forwarded-Port', origin.port);
  kept.push('X-Request-Id', id);
  return kept;
}

const NOT_ANSWERED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'x-request-id',
]);

/** An instance's headers as the client gets them. */
export function answeredHeaders(raw: readonly (Buffer | string)[], id: string): string[] {
  const kept: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = String(raw[index]);
    if (!NOT_ANSWERED.has(name.toLowerCase())) kept.push(name, String(raw[index + 1]));
  }
  kept.push('X-Request-Id', id);
  return kept;
}
