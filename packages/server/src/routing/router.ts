import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Pool } from 'undici';
import type { Clock } from '../lib/clock.ts';
import type { Access } from './access-log.ts';
import { STICKY_COOKIE, chooseUpstream } from './choose-upstream.ts';
import { answerPage, pages } from './error-page.ts';
import { findRoute, hostName, indexRoutes } from './find-route.ts';
import { forward, hasBody } from './forward.ts';
import { requestId } from './forwarded-headers.ts';
import { createHold } from './hold.ts';
import type { Route, RouteTable, Upstream } from './route-table.ts';
import { forwardUpgrade, refusal } from './upgrade.ts';

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
const CONNECTIONS = 256;

type Visit = {
  request: IncomingMessage;
  response: ServerResponse;
  id: string;
  startedAt: number;
  tried: Set<string>;
};

/** Passes requests on to instances by the table of the moment, and the platform's own to the control plane. */
export function createRouter({
  controlSocket,
  clock,
  access,
  holdMs,
  ...options
}: RouterOptions): Router {
  let index = indexRoutes(options.table);
  const pools = new Map<string, Pool>();
  const counts = new Map<string, number>();
  const hold = createHold(holdMs);
  const platform = new Pool('http://localhost', { socketPath: controlSocket, connections: 64 });
  const server = createServer(SERVER, (request, response) =>
    visit({ request, response, id: requestId(request), startedAt: clock(), tried: new Set() }),
  );
  server.on('upgrade', (request, socket, head) => upgrade(request, socket, head));
  server.on('checkContinue', (request, response) => {
    response.writeContinue();
    server.emit('request', request, response);
  });
  server.on('clientError', (_, socket) => {
    if (socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    else socket.destroy();
  });

  const inFlight = (instanceId: string): number => counts.get(instanceId) ?? 0;

  function count(instanceId: string, by: 1 | -1): void {
    const now = inFlight(instanceId) + by;
    if (now > 0) counts.set(instanceId, now);
    else counts.delete(instanceId);
  }

  function poolOf({ host, port }: Upstream): Pool {
    const origin = `http://${host}:${port}`;
    const known = pools.get(origin);
    if (known !== undefined) return known;
    const pool = new Pool(origin, {
      connections: CONNECTIONS,
      pipelining: 1,
      keepAliveTimeout: 30_000,
    });
    pools.set(origin, pool);
    return pool;
  }

  function visit(one: Visit): void {
    const { request, response, id } = one;
    const route = findRoute(index, hostName(request.headers.host), request.url ?? '/');
    if (route === 'platform') return visitPlatform(one);
    if (route === undefined) return answerPage(request, response, { page: pages.unknownHost, id });
    if (route.forceHttps && request.headers['x-forwarded-proto'] !== 'https')
      return redirect(one, `https://${hostName(request.headers.host)}${request.url}`);
    const upstream = chooseUpstream(route, request, { inFlight, tried: one.tried });
    if (upstream === undefined) return visitAbsent(one, route);
    visitInstance(one, route, upstream);
  }

  function visitPlatform({ request, response, id }: Visit): void {
    const over = (outcome: string): void => {
      if (outcome === 'refused') answerPage(request, response, { page: pages.restarting, id });
    };
    const absent = pages.restarting;
    forward({ request, response, id, pool: platform, idleMs: PLATFORM_IDLE, absent, over });
  }

  function visitAbsent(one: Visit, route: Route): void {
    const { request, response, id } = one;
    if (route.upstreams.length > 0 || route.state === 'serving')
      return answerPage(request, response, { page: pages.broken, id });
    if (route.state !== 'starting')
      return answerPage(request, response, { page: pages[route.state], id });
    const kept = hold.add(route.applicationId, {
      retry: () => visit(one),
      giveUp: () => answerPage(request, response, { page: pages.starting, id }),
    });
    if (!kept) answerPage(request, response, { page: pages.tooMany, id });
  }

  function visitInstance(one: Visit, route: Route, upstream: Upstream): void {
    const { request, response, id } = one;
    const { instanceId } = upstream;
    count(instanceId, 1);
    if (route.stickySessions)
      response.setHeader(
        'set-cookie',
        `${STICKY_COOKIE}=${instanceId}; Path=/; HttpOnly; SameSite=Lax`,
      );
    forward({
      ...{ request, response, id, pool: poolOf(upstream) },
      idleMs: route.idleTimeoutSeconds * 1000,
      absent: pages.broken,
      over(outcome) {
        count(instanceId, -1);
        if (outcome === 'refused') {
          one.tried.add(instanceId);
          if (!hasBody(request) || !request.readableDidRead) return visit(one);
        }
        access(describe(one, route, upstream));
      },
    });
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const id = requestId(request);
    const route = findRoute(index, hostName(request.headers.host), request.url ?? '/');
    const asked = { request, socket, head, id };
    if (route === 'platform')
      return forwardUpgrade(asked, { path: controlSocket }, () => undefined);
    const upstream = route && chooseUpstream(route, request, { inFlight, tried: new Set() });
    if (upstream === undefined) {
      socket.end(refusal(id));
      return;
    }
    count(upstream.instanceId, 1);
    const { host, port } = upstream;
    forwardUpgrade(asked, { host, port }, () => count(upstream.instanceId, -1));
  }

  const describe = (
    { request, response, id, startedAt }: Visit,
    route: Route,
    upstream: Upstream,
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
    milliseconds: clock() - startedAt,
    bytesIn: request.socket.bytesRead,
    bytesOut: request.socket.bytesWritten,
  });

  return {
    server,
    table: () => index.table,
    swap(table) {
      if (table.version < index.table.version) return false;
      index = indexRoutes(table);
      const used = new Set(
        table.routes.flatMap(({ upstreams }) =>
          upstreams.map(({ host, port }) => `http://${host}:${port}`),
        ),
      );
      for (const [origin, pool] of pools) {
        if (used.has(origin)) continue;
        pools.delete(origin);
        void pool.close();
      }
      hold.release();
      return true;
    },
    inFlight: () => Object.fromEntries(counts),
  };
}

function redirect({ response, id }: Visit, location: string): void {
  response.writeHead(301, { location, 'content-length': 0, 'x-request-id': id });
  response.end();
}
