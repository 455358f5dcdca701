import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '../lib/clock.ts';
import type { Access } from '../routing/access-log.ts';
import type { Route, Upstream } from '../routing/route-table.ts';
import { createRouter } from '../routing/router.ts';
import type { Router, RouterOptions } from '../routing/router.ts';
import { askHttp, serveHttp } from './http.ts';
import type { Answer, Ask } from './http.ts';

/** A folder for as long as the test lasts. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'grid-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

export const HOST = 'app.test';

export const makeRoute = (route: Partial<Route>): Route => ({
  host: HOST,
  pathPrefix: '/',
  applicationId: 'app_1',
  state: 'serving',
  upstreams: [],
  forceHttps: false,
  stickySessions: false,
  idleTimeoutSeconds: 180,
  ...route,
});

export const upstreamAt = (port: number, instanceId = `instance-${port}`): Upstream => ({
  instanceId,
  host: '127.0.0.1',
  port,
});

export type TestRouter = {
  router: Router;
  port: number;
  httpsPort: number;
  controlSocket: string;
  accesses: Access[];
  /** A visitor's request; to the application where no other host is named. */
  ask(options?: Ask): Promise<Answer>;
  /** Swaps the table for a newer one. */
  swap(routes: readonly Route[]): void;
};

/** A router in this process, with real ports. */
export async function openTestRouter(
  t: TestContext,
  routes: readonly Route[],
  options: Partial<RouterOptions> = {},
): Promise<TestRouter> {
  const accesses: Access[] = [];
  const controlSocket = join(temporaryFolder(t), 'control.sock');
  const table = { version: 1, platformHosts: ['localhost'], routes };
  const router = createRouter({
    controlSocket,
    table,
    clock: systemClock,
    access: (access) => accesses.push(access),
    holdMs: 60_000,
    platformHoldMs: 60_000,
    connectionsPerApplication: 4_096,
    placeWaitMs: 60_000,
    tls: {},
    ...options,
  });
  const { port } = await serveHttp(t, router.http);
  const { port: httpsPort } = await serveHttp(t, router.https);
  return {
    router,
    port,
    httpsPort,
    controlSocket,
    accesses,
    ask: (asked = {}) => askHttp({ port, ...asked, headers: { host: HOST, ...asked.headers } }),
    swap: (next) => router.swap({ ...table, version: router.table().version + 1, routes: next }),
  };
}
