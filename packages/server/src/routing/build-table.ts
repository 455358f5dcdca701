import type { Route, RouteState, RouteTable, Upstream } from './route-table.ts';

/** What the rows say of an application that can be visited. */
export type Routable = {
  applicationId: string;
  domains: readonly { host: string; pathPrefix: string }[];
  state: RouteState;
  upstreams: readonly Upstream[];
  forceHttps: boolean;
  stickySessions: boolean;
};

/** A connection may be silent for this long. */
const IDLE_SECONDS = 180;

/** The table of these applications, one route for each of their domains. */
export const buildRouteTable = ({
  version,
  platformHosts,
  applications,
}: {
  version: number;
  platformHosts: readonly string[];
  applications: readonly Routable[];
}): RouteTable => ({
  version,
  platformHosts,
  routes: applications.flatMap(({ domains, upstreams, ...application }) =>
    domains.map(({ host, pathPrefix }): Route => ({
      ...application,
      host,
      pathPrefix,
      upstreams: upstreams.map(({ instanceId, host: address, port }) => ({
        instanceId,
        host: address,
        port,
      })),
      idleTimeoutSeconds: IDLE_SECONDS,
    })),
  ),
});

/** How visitors find an application: being deployed, serving, stopped, or failed. */
export function routeState(
  wanted: 'up' | 'down',
  { serving, standing }: { serving: boolean; standing: boolean },
): RouteState {
  if (serving) return 'serving';
  if (wanted === 'down') return 'stopped';
  return standing ? 'starting' : 'failed';
}
