import { STATUS_CODES, createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Server as SecureServer } from 'node:https';
import { Server as NetServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { checkRequest } from './check-request.ts';
import { KEEP_ASKING, MOST_OF_HEAD } from './connections.ts';
import { answerPage, pages } from './error-page.ts';
import type { Page } from './error-page.ts';
import { findRoute, hostName, indexRoutes } from './find-route.ts';
import type { RouteIndex } from './find-route.ts';
import { originOf, requestId } from './forwarded-headers.ts';
import { guardServer, ownErrors, readUploadOf, sayLast } from './guard-server.ts';
import { planPlain, secureLocation } from './plain-http.ts';
import type { ConnectionCount, RouteTable } from './route-table.ts';
import { hasBody } from './sent-body.ts';
import { isUpgrade, readAhead, respondOn } from './upgrade.ts';
import { createApplicationVisits } from './visit-application.ts';
import type { ApplicationOptions, ApplicationVisits } from './visit-application.ts';
import { createPlatformVisits } from './visit-platform.ts';
import type { PlatformOptions, PlatformVisits } from './visit-platform.ts';
import { countBytes } from './visit.ts';
import type { Visit } from './visit.ts';

export type RouterOptions = PlatformOptions &
  ApplicationOptions & {
    table: RouteTable;
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
  connections(): Record<string, ConnectionCount>;
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
  maxHeaderSize: MOST_OF_HEAD,
  shouldUpgradeCallback: isUpgrade,
  ...KEEP_ASKING,
};
const SECURE = { ...SERVER, handshakeTimeout: 10_000, ALPNProtocols: ['http/1.1'] };

type State = Pick<RouterOptions, 'clock'> & {
  index: RouteIndex;
  draining: boolean;
  /** Where https is, once it listens. */
  httpsPort: number;
  platform: PlatformVisits;
  applications: ApplicationVisits;
};

/** Passes requests on to instances by the table of the moment, and the platform's own to the control plane. */
export function createRouter(options: RouterOptions): Router {
  const applications = createApplicationVisits(options, (one) => visit(state, one));
  const state: State = {
    clock: options.clock,
    index: indexRoutes(options.table),
    draining: false,
    httpsPort: 0,
    platform: createPlatformVisits(options),
    applications,
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
      applications.swap(table);
      return true;
    },
    inFlight: applications.inFlight,
    connections: applications.connections,
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
  (request, response) =>
    receive(state, { request, response: ownErrors(response) });

/** The parser drops what came in one piece with such a request: who sent that must not wait for an answer. */
const isOfferIgnored = ({ request, upgrade }: Pick<Visit, 'request'> & { upgrade?: unknown }) =>
  upgrade === undefined && request.headers.upgrade !== undefined;

/** What comes, in whatever way. */
function receive(
  state: State,
  asked: Pick<Visit, 'request' | 'response'> & Partial<Pick<Visit, 'upgrade'>>,
): void {
  const { request, response } = asked;
  const isLast = state.draining || isOfferIgnored(asked);
  if (isLast) response.shouldKeepAlive = false;
  const id = requestId(request);
  const refused = checkRequest(request);
  if (refused !== undefined) return answerPage(request, response, { page: refused, id });
  const startedAt = state.clock();
  const origin = originOf(request);
  if (hasBody(request)) readUploadOf(request);
  const carried = countBytes(request.socket);
  return visit(state, { ...asked, id, origin, startedAt, carried, tried: new Set() });
}

/** What is asked in another way than by a plain request. */
const serve = <AnyServer extends Server | SecureServer>(
  state: State,
  server: AnyServer,
): AnyServer => {
  // all are kept, so that each is counted: those beyond a limit would be left out without a word
  server.maxHeadersCount = 0;
  return guardServer(server, {
    upgrade(request, socket, head) {
      const response = respondOn(socket, request);
      if (response === undefined) {
        socket.destroy();
        return;
      }
      const upgrade = { socket, takeHead: readAhead(response, socket, head) };
      receive(state, { request, response: ownErrors(response), upgrade });
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

const answer = ({ request, response, id }: Visit, page: Page): void =>
  answerPage(request, response, { page, id });

function visit(state: State, one: Visit): void {
  const { request, origin } = one;
  const host = hostName(request.headers.host);
  const route = findRoute(state.index, host, request.url ?? '/');
  if (route === 'platform') return visitPlatform(state, one);
  if (route === undefined) return answer(one, pages.unknownHost);
  if (!route.forceHttps || origin.proto === 'https') return state.applications.visit(one, route);
  if (one.upgrade === undefined) redirect(state, one, 301);
  else answer(one, pages.onlySecure);
  return state.applications.note(one, route);
}

function visitPlatform(state: State, one: Visit): void {
  const plan = planPlain(one.request);
  if (plan === 'serve') return state.platform.visit(one);
  // who offers an upgrade follows no redirect
  if (plan === 'refuse' || one.upgrade !== undefined) return answer(one, pages.plain);
  return redirect(state, one, 308);
}

function redirect(state: State, { request, response, id }: Visit, status: number): void {
  const host = hostName(request.headers.host) || (state.index.table.platformHosts[0] ?? '');
  const location = secureLocation(host, state.httpsPort, request.url ?? '/');
  response.writeHead(status, { location, 'content-length': 0, 'x-request-id': id });
  response.end();
}
