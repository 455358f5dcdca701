import type { IncomingMessage } from 'node:http';
import { pages } from './error-page.ts';

/** As many as the usual servers take; instances get a few more, which are ours. */
const MOST_HEADERS = 100;
/** The longest name of a host, and a port. */
const LONGEST_HOST = 253 + ':65535'.length;
/** Names of headers that are meant for one connection: each is compared with each header. */
const LONGEST_CONNECTION = 1024;
const ABSOLUTE = /^https?:\/\//i;

type Asked = Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'url' | 'method'>;

/**
 * Why a request goes nowhere, or undefined. One whose target is a whole address (RFC 9112 §3.2.2) is for
 * the host in it, whatever `Host` says: it goes on as if it had been asked for by its path.
 */
export function checkRequest(
  request: Asked,
): typeof pages.badRequest | typeof pages.tooManyHeaders | undefined {
  const { rawHeaders, headers, url = '/' } = request;
  if (rawHeaders.length > MOST_HEADERS * 2) return pages.tooManyHeaders;
  const hosts = placesOfHost(rawHeaders);
  const { host = '', connection = '' } = headers;
  if (hosts.length > 1 || host.length > LONGEST_HOST || connection.length > LONGEST_CONNECTION)
    return pages.badRequest;
  if (url.startsWith('/') || (url === '*' && request.method === 'OPTIONS')) return undefined;
  return ABSOLUTE.test(url) && toOriginForm(request, hosts[0]) ? undefined : pages.badRequest;
}

function placesOfHost(rawHeaders: readonly string[]): number[] {
  const places: number[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') places.push(index);
  }
  return places;
}

/** False where the address cannot be one of ours. */
function toOriginForm(request: Asked, host: number | undefined): boolean {
  const url = request.url ?? '';
  const start = url.indexOf('//') + 2;
  const length = url.slice(start).search(/[/?#]/);
  const end = length === -1 ? url.length : start + length;
  const authority = url.slice(start, end);
  if (authority === '' || authority.includes('@') || authority.length > LONGEST_HOST) return false;
  request.url = pathOf(request.method, url.slice(end));
  request.headers.host = authority;
  if (host === undefined) request.rawHeaders.push('Host', authority);
  else request.rawHeaders[host + 1] = authority;
  return true;
}

/** Without any path the whole server is asked about (RFC 9112 §3.2.4). */
function pathOf(method: string | undefined, path: string): string {
  if (method === 'OPTIONS' && path === '') return '*';
  return path.startsWith('/') ? path : `/${path}`;
}
