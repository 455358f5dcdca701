import type { IncomingMessage } from 'node:http';
import { isEncrypted, isLoopback } from './forwarded-headers.ts';

/** What clients need before they can trust https. */
const AUTHORITY = /^\/ca\.pem(\?|$)/;

/**
 * What becomes of a request for the platform itself that may not be encrypted: credentials go over plain http
 * on this machine alone.
 */
export function planPlain(
  request: Pick<IncomingMessage, 'method' | 'url' | 'headers'> & Parameters<typeof isEncrypted>[0],
): 'serve' | 'redirect' | 'refuse' {
  const { method, url = '/' } = request;
  if (isEncrypted(request) || isFromHere(request)) return 'serve';
  if (method !== 'GET' && method !== 'HEAD') return 'refuse';
  return AUTHORITY.test(url) ? 'serve' : 'redirect';
}

/** A proxy on this machine that says it was not asked over https speaks for somebody elsewhere. */
const isFromHere = ({
  headers,
  socket,
}: Pick<IncomingMessage, 'headers'> & Parameters<typeof isEncrypted>[0]): boolean =>
  isLoopback(socket.remoteAddress) && ENCRYPTED.has(headers['x-forwarded-proto']);

/** Some proxies name the protocol of a socket. */
const ENCRYPTED: ReadonlySet<unknown> = new Set([undefined, 'https', 'wss']);

/** The same address over https. */
export function secureLocation(host: string, port: number, url: string): string {
  const path = url.startsWith('/') ? url : '/';
  return `https://${host}${port === 443 ? '' : `:${port}`}${path}`;
}
