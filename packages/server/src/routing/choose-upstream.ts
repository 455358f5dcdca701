import type { IncomingMessage } from 'node:http';
import type { Route, Upstream } from './route-table.ts';
import { namedInstances } from './sticky-cookie.ts';

/** The instance that a client is bound to by its cookie, where the application wants that. */
function stickyUpstream({ stickySessions, upstreams }: Route, cookies: string | undefined) {
  if (!stickySessions) return undefined;
  const named = namedInstances(cookies);
  return upstreams.find(({ instanceId }) => named.includes(instanceId));
}

/** What is known of the requests of an instance. */
export type Load = {
  /** How many are under way. */
  inFlight: number;
  /** Where its latest stands in the order of all; 0 before its first. */
  latest: number;
};

/**
 * The client's own instance, else the one with the least under way, and of several such the one that was not
 * chosen for longest: also requests one at a time are shared by all. Those in `tried` are left out.
 */
export function chooseUpstream(
  route: Route,
  { headers }: Pick<IncomingMessage, 'headers'>,
  { loadOf, tried }: { loadOf(instanceId: string): Load; tried: ReadonlySet<string> },
): Upstream | undefined {
  const sticky = stickyUpstream(route, headers.cookie);
  if (sticky !== undefined && !tried.has(sticky.instanceId)) return sticky;
  let best: { upstream: Upstream; load: Load } | undefined;
  for (const upstream of route.upstreams) {
    if (tried.has(upstream.instanceId)) continue;
    const load = loadOf(upstream.instanceId);
    if (best === undefined || goesBefore(load, best.load)) best = { upstream, load };
  }
  return best?.upstream;
}

const goesBefore = (one: Load, other: Load): boolean =>
  one.inFlight < other.inFlight || (one.inFlight === other.inFlight && one.latest < other.latest);
