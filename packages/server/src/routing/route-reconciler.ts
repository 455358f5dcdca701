import type { Clock } from '../lib/clock.ts';
import { holdClaim } from '../reconcile/looks.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { Database } from '../store/database.ts';
import { beginDraining } from '../workloads/drain-workload.ts';
import { buildRouteTable, routeState } from './build-table.ts';
import type { Routable } from './build-table.ts';
import type { RouteTable } from './route-table.ts';
import { selectReplaced, selectRoutable, selectServing, selectStanding } from './route-store.ts';

type Deps = {
  database: Database;
  clock: Clock;
  platformHosts: readonly string[];
  router: {
    /** The version of the table that the router has. */
    version(signal: AbortSignal): Promise<number>;
    put(table: RouteTable, signal: AbortSignal): Promise<void>;
  };
};

/** Swaps the router's table for one made of what serves now, then lets go of what was replaced. */
export const routeReconciler =
  ({ database, clock, platformHosts, router }: Deps): Reconciler =>
  async (claim, signal) => {
    const replaced = await selectReplaced(database.read);
    const applications = await describeApplications(database);
    const version = Math.max(clock(), (await router.version(signal)) + 1);
    await router.put(buildRouteTable({ version, platformHosts, applications }), signal);
    if (replaced.length === 0) return undefined;
    await database.transaction(async (tx) => {
      await holdClaim(tx, claim);
      for (const id of replaced) await beginDraining(tx, id, clock());
    });
    return undefined;
  };

async function describeApplications({ read }: Database): Promise<Routable[]> {
  const serving = Map.groupBy(await selectServing(read), ({ applicationId }) => applicationId);
  const standing = new Set((await selectStanding(read)).map(({ applicationId }) => applicationId));
  const routable = Map.groupBy(await selectRoutable(read), ({ applicationId }) => applicationId);
  return [...routable].flatMap(([applicationId, domains]) => {
    const [application] = domains;
    if (application === undefined) return [];
    const upstreams = serving.get(applicationId) ?? [];
    const found = { serving: upstreams.length > 0, standing: standing.has(applicationId) };
    return {
      applicationId,
      domains,
      upstreams,
      state: routeState(application.wanted, found),
      forceHttps: application.forceHttps,
      stickySessions: application.stickySessions,
    };
  });
}
