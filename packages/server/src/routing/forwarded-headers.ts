import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { withoutOurs } from './sticky-cookie.ts';

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
  'x-request-id',
  // `HTTP_PROXY` to programs that are told of headers by variables
  'proxy',
]);

/** What proxies say of who asks, and what for: believed from one on this machine, as X-Forwarded-For is. */
const SAID_BY_PROXIES: ReadonlySet<string> = new Set([
  'client-ip',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'cf-pseudo-ipv4',
  'fastly-client-ip',
  'forwarded-for',
  'front-end-https',
  'proxy-client-ip',
  'true-client-ip',
  'wl-proxy-client-ip',
  'x-appengine-user-ip',
  'x-azure-clientip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-envoy-external-address',
  'x-host',
  'x-http-host-override',
  'x-proxyuser-ip',
  'x-real-ip',
  'x-remote-addr',
  'x-remote-ip',
  'x-rewrite-url',
  'x-scheme',
  'x-url-scheme',
]);

/** Ours to say, by whatever ending: names that frameworks look for differ. */
const isForwarded = (name: string): boolean =>
  name.startsWith('x-forwarded') || name.startsWith('x-original-');

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
  /** Whether a proxy of the operator's may have said it. */
  proxied: boolean;
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

/** Longer than any row of proxies. */
const MOST_ADDRESSES = 10;

/**
 * The addresses at the end of what proxies wrote, without the ports that some write behind them. Each proxy adds
 * one to what it was sent, which may be anything: what is none hides nothing that stands behind it.
 */
function addressesIn(list: string | string[] | undefined): string[] {
  if (typeof list !== 'string') return [];
  const said = list
    .split(',')
    .slice(-MOST_ADDRESSES)
    .map((one) => one.trim().replace(/^(?:\[([\da-f:.]+)\]|([\d.]+))(?::\d+)?$/i, '$1$2'));
  return said.slice(said.findLastIndex((one) => isIP(one) === 0) + 1);
}

/**
 * What forwarding headers say is believed from this machine alone, where a proxy of the operator's may
 * stand before us: anybody can write them.
 */
export function originOf(request: Asked): Origin {
  const { headers, socket } = request;
  const peer = plainAddress(socket.remoteAddress);
  const proxied = isLoopback(peer);
  const said = (name: string, rule: RegExp): string | undefined => {
    const value = proxied ? headers[name] : undefined;
    return typeof value === 'string' && rule.test(value) ? value : undefined;
  };
  const before = proxied ? addressesIn(headers['x-forwarded-for']) : [];
  return {
    proxied,
    client: before.at(-1) ?? peer,
    forwardedFor: [...before, peer].join(', '),
    proto: said('x-forwarded-proto', /^https?$/) ?? (isEncrypted(request) ? 'https' : 'http'),
    host: said('x-forwarded-host', /^[\w.:[\]-]{1,255}$/) ?? headers.host ?? '',
    port: said('x-forwarded-port', /^\d{1,5}$/) ?? String(socket.localPort ?? ''),
  };
}

/**
 * Where the request came from, and the client's headers as the instance gets them. Ours come first: who reads
 * a limited number of headers has them.
 */
export function forwardedHeaders(
  { rawHeaders, headers }: Pick<IncomingMessage, 'rawHeaders' | 'headers'>,
  { origin, id, sticky = false }: { origin: Origin; id: string; sticky?: boolean },
): string[] {
  const dropped = listed(headers.connection);
  const sent = ['X-Forwarded-For', origin.forwardedFor, 'X-Forwarded-Proto', origin.proto];
  sent.push('X-Forwarded-Host', origin.host, 'X-Forwarded-Port', origin.port, 'X-Request-Id', id);
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const plain = plainName(name);
    if (!isKept(plain, origin) || dropped.includes(plain)) continue;
    const said = rawHeaders[index + 1] ?? '';
    const value = sticky && plain === 'cookie' ? withoutOurs(said) : said;
    if (value !== '' || said === '') sent.push(name, value);
  }
  // it is said to us, and we can say the same
  if (headers['te'] !== undefined && TRAILERS.test(String(headers['te'])))
    sent.push('TE', 'trailers');
  return sent;
}

const TRAILERS = /(^|,)\s*trailers\s*(;|,|$)/i;

const isKept = (name: string, { proxied }: Pick<Origin, 'proxied'>): boolean =>
  !DROPPED.has(name) && !isForwarded(name) && (proxied || !SAID_BY_PROXIES.has(name));

/** Said in a head, or not at all (RFC 9110 §6.5.1): to whom, by whom, and how a body is read. */
const OF_HEAD: ReadonlySet<string> = new Set([
  'authorization',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'host',
]);

type Trailing = Pick<IncomingMessage, 'headers' | 'rawTrailers'>;

/** Nothing is believed of proxies there: they say it in heads, and pass on what comes behind bodies. */
const mayFollow = ({ headers }: Pick<Trailing, 'headers'>): ((name: string) => boolean) => {
  const dropped = listed(headers.connection);
  return (name) => {
    const plain = plainName(name);
    return !OF_HEAD.has(plain) && isKept(plain, { proxied: false }) && !dropped.includes(plain);
  };
};

/** What came behind the body of a request, as the instance gets it: nothing that a head may not say, or says alone. */
export function forwardedTrailers(request: Trailing): [name: string, value: string][] {
  const passes = mayFollow(request);
  return passedTrailers(request.rawTrailers).filter(([name]) => passes(name));
}

/** The names of what comes behind the body of a request, as far as it is passed on. */
export const announcedTrailers = (request: Pick<Trailing, 'headers'>): string =>
  (request.headers.trailer ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(mayFollow(request))
    .filter(Boolean)
    .join(', ');

/** Of an answer: what is meant for the connection that it came by, says how it is framed, or is ours to say as well. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-request-id',
]);
const UPGRADE_REQUIRED = 426;
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

/** Each byte is a character, as Node has headers: whatever they mean, they go on as they came. */
const plainText = (text: Buffer | string = ''): string =>
  typeof text === 'string' ? text : text.toString('latin1');

/** What stands behind a status: undici reads it as UTF-8. */
export const plainReason = (reason = ''): string =>
  /^[\t -~]*$/.test(reason) ? reason : Buffer.from(reason).toString('latin1');

/** To whom it is answered. */
type Asking = Pick<IncomingMessage, 'httpVersion' | 'method'>;

type Answered = {
  visit: { id: string; request: Asking };
  status: number;
  /** Set beside those that the application sets. */
  cookie?: string | undefined;
};

/** An instance's headers as the client gets them; what it says itself we do not say for it. */
export function answeredHeaders(
  raw: readonly (Buffer | string)[],
  { visit, status, cookie }: Answered,
): string[] {
  const { kept, said } = sortOut(raw);
  const length = said.get('content-length');
  const upgrade = status === UPGRADE_REQUIRED ? said.get('upgrade') : undefined;
  if (upgrade !== undefined) kept.push('Upgrade', upgrade);
  const trailer = said.get('trailer');
  if (trailer !== undefined && length === undefined && mayTrail(visit.request, status))
    kept.push('Trailer', trailer);
  if (cookie !== undefined) kept.push('Set-Cookie', cookie);
  kept.push('X-Request-Id', said.get('x-request-id') ?? visit.id);
  // the last: a Content-Disposition behind it Node writes in another alphabet
  if (length !== undefined) kept.push('Content-Length', length);
  return kept;
}

/** What goes on as it came, and what is to be looked at, by its name. */
function sortOut(raw: readonly (Buffer | string)[]) {
  const kept: string[] = [];
  const said = new Map<string, string>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = plainText(raw[index]);
    const plain = name.toLowerCase();
    const value = plainText(raw[index + 1]);
    if (!OF_CONNECTION.has(plain)) kept.push(name, value);
    else said.set(plain, said.has(plain) ? `${said.get(plain)}, ${value}` : value);
  }
  const dropped = listed(said.get('connection'));
  if (dropped.every((name) => OF_CONNECTION.has(name) || name === 'close')) return { kept, said };
  const isKept = (index: number): boolean => !dropped.includes((kept[index] ?? '').toLowerCase());
  return { kept: kept.filter((_, index) => isKept(index - (index % 2))), said };
}

/** Whether a client may be told that something comes behind the body: where that is sent in chunks. */
const mayTrail = ({ httpVersion, method }: Asking, status: number): boolean =>
  httpVersion === '1.1' && method !== 'HEAD' && !BODILESS.has(status);

/** What came behind a body, and may come behind it again. */
export function passedTrailers(raw: readonly (Buffer | string)[]): [name: string, value: string][] {
  const passed: [string, string][] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = plainText(raw[index]);
    if (!OF_CONNECTION.has(name.toLowerCase())) passed.push([name, plainText(raw[index + 1])]);
  }
  return passed;
}
