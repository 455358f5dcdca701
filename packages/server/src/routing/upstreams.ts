import type { Load } from './choose-upstream.ts';
import { createConnections } from './connections.ts';
import type { Connection, Connections, Wanted } from './connections.ts';
import type { RouteTable, Upstream } from './route-table.ts';

/** Kept of each instance, and used again. */
const CONNECTIONS = 256;
/** Shorter than what usual servers keep an idle connection: none is closed while a request is sent on it. */
const KEEP_ALIVE = 1_500;

/** Connections to instances, and how much is under way at each. */
export type Upstreams = {
  /** A connection for a request; leave it when that is over. */
  connect(upstream: Upstream, wanted: Wanted): Connection;
  /** Counts something that begins at an instance; call the answer when it is over. */
  enter(instanceId: string): () => void;
  loadOf(instanceId: string): Load;
  inFlight(): Record<string, number>;
  /** Forgets what a table no longer needs; connections end once what is under way is over. */
  keep(table: RouteTable): void;
};

const originOf = ({ host, port }: Upstream): string => `http://${host}:${port}`;

export function createUpstreams(): Upstreams {
  const pools = new Map<string, Connections>();
  const counts = new Map<string, number>();
  const latest = new Map<string, number>();
  let entered = 0;
  const count = (instanceId: string): number => counts.get(instanceId) ?? 0;
  return {
    loadOf: (instanceId) => ({ inFlight: count(instanceId), latest: latest.get(instanceId) ?? 0 }),
    connect(upstream, wanted) {
      const origin = originOf(upstream);
      const known = pools.get(origin);
      if (known !== undefined) return known.take(wanted);
      const made = createConnections(origin, { kept: CONNECTIONS, keepAliveTimeout: KEEP_ALIVE });
      pools.set(origin, made);
      return made.take(wanted);
    },
    enter(instanceId) {
      counts.set(instanceId, count(instanceId) + 1);
      latest.set(instanceId, ++entered);
      return () => {
        if (count(instanceId) > 1) counts.set(instanceId, count(instanceId) - 1);
        else counts.delete(instanceId);
      };
    },
    inFlight: () => Object.fromEntries(counts),
    keep({ routes }) {
      const used = routes.flatMap(({ upstreams }) => upstreams);
      const instances = new Set(used.map(({ instanceId }) => instanceId));
      for (const id of latest.keys()) if (!instances.has(id)) latest.delete(id);
      const origins = new Set(used.map(originOf));
      for (const [origin, pool] of pools) {
        if (origins.has(origin)) continue;
        pools.delete(origin);
        pool.close();
      }
    },
  };
}
