import type { IncomingMessage } from 'node:http';
import type { Route, Upstream } from './route-table.ts';

export const STICKY_COOKIE = 'grid_instance';

/** The instance that a client asked for by its cookie, where the application wants that. */
function stickyUpstream({ stickySessions, upstreams }: Route, cookie: string | undefined) {
  if (!stickySessions || cookie === undefined) return undefined;
  const [, instanceId] = new RegExp(`(?:^|;\\s*)${STICKY_COOKIE}=([\\w-]+)`).exec(cookie) ?? [];
  return upstreams.find((one) => one.instanceId === instanceId);
}

/** The client's own instance, else the one with the least under way; those in `tried` are left out. */
export function chooseUpstream(
  route: Route,
  { headers }: Pick<IncomingMessage, 'headers'>,
  { inFlight, tried }: { inFlight(instanceId: string): number; tried: ReadonlySet<string> },
): Upstream | undefined {
  const sticky = stickyUpstream(route, headers.cookie);
  if (sticky !== undefined && !tried.has(sticky.instanceId)) return sticky;
  let best: Upstream | undefined;
  for (const upstream of route.upstreams) {
    if (tried.has(upstream.instanceId)) continue;
    if (best === undefined || inFlight(upstream.instanceId) < inFlight(best.instanceId))
      best = upstream;
  }
  return best;
}
