import { STATUS_CODES, createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Server as SecureServer } from 'node:https';
import { Server as NetServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { Access } from './access-log.ts';
import { checkRequest } from './check-request.ts';
import { STICKY_COOKIE, chooseUpstream } from './choose-upstream.ts';
import { answerPage, pages } from './error-page.ts';
import { findRoute, hostName, indexRoutes } from './find-route.ts';
import type { RouteIndex } from './find-route.ts';
import { forward } from './forward.ts';
import { originOf, requestId } from './forwarded-headers.ts';
import { guardServer, ownErrors, sayLast } from './guard-server.ts';
import { createHold } from './hold.ts';
import type { Hold } from './hold.ts';
import { planPlain, secureLocation } from './plain-http.ts';
import type { Route, RouteTable, Upstream } from './route-table.ts';
import { answerUpgrade, forwardUpgrade } from './upgrade.ts';
import type { Upgrade } from './upgrade.ts';
import { createUpstreams } from './upstreams.ts';
import type { Upstreams } from './upstreams.ts';
import { createPlatformVisits } from './visit-platform.ts';
import type { PlatformOptions, PlatformVisits } from './visit-platform.ts';
import type { Visit } from './visit.ts';

export type RouterOptions = PlatformOptions & {
  table: RouteTable;
  access(access: Access): void;
  /** How long a request waits for a first instance. */
  holdMs: number;
  /** What https is served with. */
  tls: Certified;
};

type Certified = Pick<SecureContextOptions, 'cert' | 'key'>;

export type Router = {
  http: Server;
  https: SecureServer;
  table(): RouteTable;
  /** Swaps the table whole; false for one that is older than what there is. */
  swap(table: RouteTable): boolean;
  inFlight(): Record<string, number>;
  /** Takes no new connection, and closes each that there is after its next answer. */
  drain(): void;
  /** Shows this certificate on new connections; those that there are stay. */
  certify(tls: Certified): void;
};

/** A long upload or answer may take hours; only silence is limited, and by the routes. */
const SERVER = {
  requestTimeout: 0,
  headersTimeout: 30_000,
  keepAliveTimeout: 75_000,
  maxHeaderSize: 64 * 1024,
};
const SECURE = { ...SERVER, handshakeTimeout: 10_000, ALPNProtocols: ['http/1.1'] };

type State = RouterOptions & {
  index: RouteIndex;
  upstreams: Upstreams;
  hold: Hold;
  draining: boolean;
  /** Where https is, once it listens. */
  httpsPort: number;
  platform: PlatformVisits;
};

/** Passes requests on to instances by the table of the moment, and the platform's own to the control plane. */
export function createRouter(options: RouterOptions): Router {
  const state: State = {
    ...options,
    index: indexRoutes(options.table),
    upstreams: createUpstreams(),
    hold: createHold(options.clock),
    draining: false,
    httpsPort: 0,
    platform: createPlatformVisits(options),
  };
  const listener = listen(state);
  const http = serve(state, createServer(SERVER, listener));
  const https = serve(state, createSecureServer({ ...SECURE, ...options.tls }, listener));
  https.on('listening', () => (state.httpsPort = (https.address() as AddressInfo).port));
  return {
    http,
    https,
    table: () => state.index.table,
    swap(table) {
      if (table.version < state.index.table.version) return false;
      state.index = indexRoutes(table);
      state.upstreams.keep(table);
      state.hold.release();
      return true;
    },
    inFlight: state.upstreams.inFlight,
    drain() {
      state.draining = true;
      // Not HTTP's own close(): that ends idle connections, on which a request may just be coming.
      for (const server of [http, https]) NetServer.prototype.close.call(server);
    },
    certify: (tls) => https.setSecureContext(tls),
  };
}

const listen =
  (state: State): RequestListener =>
  (request, response) => {
    ownErrors(response);
    if (state.draining) response.shouldKeepAlive = false;
    const id = requestId(request);
    const refused = checkRequest(request);
    if (refused !== undefined) return answerPage(request, response, { page: refused, id });
    const startedAt = state.clock();
    const origin = originOf(request);
    visit(state, { request, response, id, origin, startedAt, tried: new Set() });
  };

/** What is asked in another way than by a plain request. */
const serve = <AnyServer extends Server | SecureServer>(
  state: State,
  server: AnyServer,
): AnyServer => {
  // all are kept, so that each is counted: those beyond a limit would be left out without a word
  server.maxHeadersCount = 0;
  return guardServer(server, {
    upgrade(request, socket, head) {
      const id = requestId(request);
      const refused = checkRequest(request);
      if (refused !== undefined) return answerUpgrade(socket, refused.status, id);
      upgrade(state, { request, socket, head, id, origin: originOf(request) });
    },
    checkContinue(request, response) {
      response.writeContinue();
      server.emit('request', request, response);
    },
    clientError: ({ code }, socket) => sayLast(socket, REFUSED[code ?? ''] ?? refusal(400)),
  });
};

const refusal = (status: number): string =>
  `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;

/** What the parser refuses for another reason than that it is no HTTP. */
const REFUSED: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: refusal(431),
  ERR_HTTP_REQUEST_TIMEOUT: refusal(408),
};

type Page = (typeof pages)[keyof typeof pages];

const answer = ({ request, response, id }: Visit, page: Page): void =>
  answerPage(request, response, { page, id });

function visit(state: State, one: Visit): void {
  const { request, origin } = one;
  const host = hostName(request.headers.host);
  const route = findRoute(state.index, host, request.url ?? '/');
  if (route === 'platform') return visitPlatform(state, one);
  if (route === undefined) return answer(one, pages.unknownHost);
  if (route.forceHttps && origin.proto !== 'https') return redirect(state, one, 301);
  const { loadOf } = state.upstreams;
  const upstream = chooseUpstream(route, request, { loadOf, tried: one.tried });
  if (upstream === undefined) return visitAbsent(state, one, route);
  return visitInstance(state, one, { route, upstream });
}

function visitPlatform(state: State, one: Visit): void {
  const plan = planPlain(one.request);
  if (plan === 'serve') return state.platform.visit(one);
  return plan === 'redirect' ? redirect(state, one, 308) : answer(one, pages.plain);
}

function visitAbsent(state: State, one: Visit, route: Route): void {
  if (route.upstreams.length > 0 || route.state === 'serving') return answer(one, pages.broken);
  if (route.state !== 'starting') return answer(one, pages[route.state]);
  const leave = state.hold.add(route.applicationId, {
    retry() {
      if (leave !== undefined) one.response.off('close', leave);
      visit(state, one);
    },
    giveUp: () => answer(one, pages.starting),
    until: one.startedAt + state.holdMs,
  });
  if (leave === undefined) answer(one, pages.tooMany);
  else one.response.once('close', leave);
}

type Target = { route: Route; upstream: Upstream };

function visitInstance(state: State, one: Visit, target: Target): void {
  const { request, response, origin } = one;
  const { route, upstream } = target;
  const release = state.upstreams.enter(upstream.instanceId);
  const { pool, leave } = state.upstreams.connect(upstream);
  if (route.stickySessions)
    response.setHeader(
      'set-cookie',
      `${STICKY_COOKIE}=${upstream.instanceId}; Path=/; HttpOnly; SameSite=Lax${origin.proto === 'https' ? '; Secure' : ''}`,
    );
  const count = countBytes(request.socket);
  forward({
    visit: one,
    pool,
    idleMs: route.idleTimeoutSeconds * 1000,
    done(outcome) {
      leave();
      release();
      one.tried.add(upstream.instanceId);
      if (outcome === 'refused') return visit(state, one);
      if (outcome === 'broken') answer(one, pages.broken);
      return state.access(describe(one, target, { now: state.clock(), ...count() }));
    },
  });
}

/** What a connection carries from now on. It is asked for first: undici takes it from a request whose body was sent. */
function countBytes(socket: Socket): () => { bytesIn: number; bytesOut: number } {
  const { bytesRead, bytesWritten } = socket;
  return () => ({
    bytesIn: socket.bytesRead - bytesRead,
    bytesOut: socket.bytesWritten - bytesWritten,
  });
}

function upgrade(state: State, one: Upgrade, tried = new Set<string>()): void {
  const { request, socket, id, origin } = one;
  const { index, upstreams } = state;
  const route = findRoute(index, hostName(request.headers.host), request.url ?? '/');
  if (route === undefined) return answerUpgrade(socket, 404, id);
  const mayBePlain = route === 'platform' ? planPlain(request) === 'serve' : !route.forceHttps;
  if (!mayBePlain && origin.proto !== 'https') return answerUpgrade(socket, 403, id);
  if (route === 'platform') return state.platform.upgrade(one);
  const upstream = chooseUpstream(route, request, { loadOf: upstreams.loadOf, tried });
  if (upstream === undefined) return answerUpgrade(socket, tried.size > 0 ? 502 : 503, id);
  const { host, port, instanceId } = upstream;
  const release = upstreams.enter(instanceId);
  return forwardUpgrade(one, { host, port }, (outcome) => {
    release();
    if (outcome === 'refused') upgrade(state, one, tried.add(instanceId));
  });
}

/** Of an address so much is written down. */
const LONGEST_LOGGED = 2048;

const describe = (
  { request, response, id, origin, startedAt }: Visit,
  { route, upstream }: Target,
  { now, bytesIn, bytesOut }: { now: number; bytesIn: number; bytesOut: number },
): Access => ({
  applicationId: route.applicationId,
  instanceId: upstream.instanceId,
  requestId: id,
  at: startedAt,
  source: origin.client,
  method: request.method ?? '',
  host: hostName(request.headers.host),
  path: (request.url ?? '').slice(0, LONGEST_LOGGED),
  scheme: origin.proto,
  statusCode: response.statusCode,
  milliseconds: now - startedAt,
  bytesIn,
  bytesOut,
});

function redirect(state: State, { request, response, id }: Visit, status: number): void {
  const host = hostName(request.headers.host) || (state.index.table.platformHosts[0] ?? '');
  const location = secureLocation(host, state.httpsPort, request.url ?? '/');
  response.writeHead(status, { location, 'content-length': 0, 'x-request-id': id });
  response.end();
}
