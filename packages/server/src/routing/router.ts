import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Pool } from 'undici';
import type { Clock } from '../lib/clock.ts';
import type { Access } from './access-log.ts';
import { STICKY_COOKIE, chooseUpstream } from './choose-upstream.ts';
import { answerPage, pages } from './error-page.ts';
import { findRoute, hostName, indexRoutes } from './find-route.ts';
import type { RouteIndex } from './find-route.ts';
import { forward } from './forward.ts';
import { requestId } from './forwarded-headers.ts';
import { createHold } from './hold.ts';
import type { Route, RouteTable, Upstream } from './route-table.ts';
import { forwardUpgrade, refusal } from './upgrade.ts';
import { createUpstreams } from './upstreams.ts';
import type { Upstreams } from './upstreams.ts';

export type RouterOptions = {
  /** The control plane's Unix socket. */
  controlSocket: string;
  table: RouteTable;
  clock: Clock;
  access(access: Access): void;
  /** How long a request waits for a first instance. */
  holdMs: number;
};

export type Router = {
  server: Server;
  table(): RouteTable;
  /** Swaps the table whole; false for one that is older than what there is. */
  swap(table: RouteTable): boolean;
  inFlight(): Record<string, number>;
};

/** A long upload or answer may take hours; only silence is limited, and by the routes. */
const SERVER = { requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: 75_000 };
const PLATFORM_IDLE = 300_000;

type Visit = {
  request: IncomingMessage;
  response: ServerResponse;
  id: string;
  startedAt: number;
  tried: Set<string>;
};

/** Passes requests on to instances by the table of the moment, and the platform's own to the control plane. */
export function createRouter(options: RouterOptions): Router {
  const state: State = {
    ...options,
    index: indexRoutes(options.table),
    upstreams: createUpstreams(),
    hold: createHold(options.holdMs),
    platform: new Pool('http://localhost', { socketPath: options.controlSocket, connections: 64 }),
  };
  const server = createServer(SERVER, (request, response) => {
    const id = requestId(request);
    visit(state, { request, response, id, startedAt: state.clock(), tried: new Set() });
  });
  server.on('upgrade', (request, socket, head) => upgrade(state, { request, socket, head }));
  server.on('checkContinue', (request, response) => {
    response.writeContinue();
    server.emit('request', request, response);
  });
  server.on('clientError', (_, socket) => {
    if (socket.writable) socket.end(BAD_REQUEST);
    else socket.destroy();
  });
  return {
    server,
    table: () => state.index.table,
    swap(table) {
      if (table.version < state.index.table.version) return false;
      state.index = indexRoutes(table);
      state.upstreams.keep(table);
      state.hold.release();
      return true;
    },
    inFlight: state.upstreams.inFlight,
  };
}

const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

type State = RouterOptions & {
  index: RouteIndex;
  upstreams: Upstreams;
  hold: ReturnType<typeof createHold>;
  /** Connections to the control plane. */
  platform: Pool;
};

function visit(state: State, one: Visit): void {
  const { request, response, id } = one;
  const route = findRoute(state.index, hostName(request.headers.host), request.url ?? '/');
  if (route === 'platform') return visitPlatform(state, one);
  if (route === undefined) return answerPage(request, response, { page: pages.unknownHost, id });
  if (route.forceHttps && request.headers['x-forwarded-proto'] !== 'https')
    return redirect(one, `https://${hostName(request.headers.host)}${request.url}`);
  const { count: inFlight } = state.upstreams;
  const upstream = chooseUpstream(route, request, { inFlight, tried: one.tried });
  if (upstream === undefined) return visitAbsent(state, one, route);
  return visitInstance(state, one, { route, upstream });
}

function visitPlatform({ platform: pool }: State, { request, response, id }: Visit): void {
  const over = (outcome: string): void => {
    if (outcome === 'refused') answerPage(request, response, { page: pages.restarting, id });
  };
  const absent = pages.restarting;
  forward({ request, response, id, pool, idleMs: PLATFORM_IDLE, absent, over });
}

function visitAbsent(state: State, one: Visit, route: Route): void {
  const { request, response, id } = one;
  if (route.upstreams.length > 0 || route.state === 'serving')
    return answerPage(request, response, { page: pages.broken, id });
  if (route.state !== 'starting')
    return answerPage(request, response, { page: pages[route.state], id });
  const kept = state.hold.add(route.applicationId, {
    retry: () => visit(state, one),
    giveUp: () => answerPage(request, response, { page: pages.starting, id }),
  });
  if (!kept) answerPage(request, response, { page: pages.tooMany, id });
}

type Target = { route: Route; upstream: Upstream };

function visitInstance(state: State, one: Visit, target: Target): void {
  const { request, response, id } = one;
  const { route, upstream } = target;
  const release = state.upstreams.enter(upstream.instanceId);
  if (route.stickySessions)
    response.setHeader(
      'set-cookie',
      `${STICKY_COOKIE}=${upstream.instanceId}; Path=/; HttpOnly; SameSite=Lax`,
    );
  const before = { in: request.socket.bytesRead, out: request.socket.bytesWritten };
  forward({
    request,
    response,
    id,
    pool: state.upstreams.poolOf(upstream),
    idleMs: route.idleTimeoutSeconds * 1000,
    absent: pages.broken,
    over(outcome) {
      release();
      one.tried.add(upstream.instanceId);
      if (outcome === 'refused' && !request.readableDidRead) return visit(state, one);
      return state.access(describe(one, target, { now: state.clock(), before }));
    },
  });
}

function upgrade(
  { index, upstreams, controlSocket }: State,
  asked: { request: IncomingMessage; socket: Duplex; head: Buffer },
): void {
  const { request, socket } = asked;
  const id = requestId(request);
  const route = findRoute(index, hostName(request.headers.host), request.url ?? '/');
  if (route === 'platform')
    return forwardUpgrade({ ...asked, id }, { path: controlSocket }, () => undefined);
  const choice = { inFlight: upstreams.count, tried: new Set<string>() };
  const upstream = route && chooseUpstream(route, request, choice);
  if (upstream === undefined) {
    socket.end(refusal(id));
    return;
  }
  const { host, port, instanceId } = upstream;
  forwardUpgrade({ ...asked, id }, { host, port }, upstreams.enter(instanceId));
}

const describe = (
  { request, response, id, startedAt }: Visit,
  { route, upstream }: Target,
  { now, before }: { now: number; before: { in: number; out: number } },
): Access => ({
  applicationId: route.applicationId,
  instanceId: upstream.instanceId,
  requestId: id,
  at: startedAt,
  source: request.socket.remoteAddress ?? '',
  method: request.method ?? '',
  host: hostName(request.headers.host),
  path: request.url ?? '',
  statusCode: response.statusCode,
  milliseconds: now - startedAt,
  bytesIn: request.socket.bytesRead - before.in,
  bytesOut: request.socket.bytesWritten - before.out,
});

function redirect({ response, id }: Visit, location: string): void {
  response.writeHead(301, { location, 'content-length': 0, 'x-request-id': id });
  response.end();
}
