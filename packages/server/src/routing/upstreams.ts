import { Pool } from 'undici';
import type { Load } from './choose-upstream.ts';
import type { RouteTable, Upstream } from './route-table.ts';

const CONNECTIONS = 256;
/** Shorter than what usual servers keep an idle connection: none is closed while a request is sent on it. */
const KEEP_ALIVE = 1_500;

/** Connections to instances, and how much is under way at each. */
export type Upstreams = {
  poolOf(upstream: Upstream): Pool;
  /** Counts something that begins at an instance; call the answer when it is over. */
  enter(instanceId: string): () => void;
  loadOf(instanceId: string): Load;
  inFlight(): Record<string, number>;
  /** Forgets what a table no longer needs; connections end once what is under way is over. */
  keep(table: RouteTable): void;
};

const originOf = ({ host, port }: Upstream): string => `http://${host}:${port}`;

export function createUpstreams(): Upstreams {
  const pools = new Map<string, Pool>();
  const counts = new Map<string, number>();
  const latest = new Map<string, number>();
  let entered = 0;
  const count = (instanceId: string): number => counts.get(instanceId) ?? 0;
  return {
    loadOf: (instanceId) => ({ inFlight: count(instanceId), latest: latest.get(instanceId) ?? 0 }),
    poolOf(upstream) {
      const origin = originOf(upstream);
      const known = pools.get(origin);
      if (known !== undefined) return known;
      const pool = new Pool(origin, { connections: CONNECTIONS, keepAliveTimeout: KEEP_ALIVE });
      pools.set(origin, pool);
      return pool;
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
        void pool.close();
      }
    },
  };
}
