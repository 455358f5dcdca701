import { listApplicationIds } from '../applications/application-store.ts';
import type { Engine } from '../workloads/engine.ts';
import { startReconcileLoop } from '../reconcile/loop.ts';
import type { Loop, LoopDeps } from '../reconcile/loop.ts';
import { askForLook } from '../reconcile/looks.ts';
import type { Observer } from '../workloads/observe-instance.ts';
import { watchEngine } from '../workloads/watch-engine.ts';

export type TermDeps = LoopDeps & {
  observer: Observer;
  engines: readonly Engine[];
  cleanupNames: readonly string[];
  signal: AbortSignal;
};

/** Begins a leader's term: the loop over everything that may differ from what is wanted, and what wakes it. */
export async function beginTerm(deps: TermDeps): Promise<Loop> {
  await askForEverything(deps);
  const loop = startReconcileLoop(deps);
  for (const engine of deps.engines) watchEngine(deps.observer, engine, deps);
  return loop;
}

/** At a start nothing is known: every repository, what runs, and the routes are looked at. */
const askForEverything = ({ database, clock, cleanupNames }: TermDeps): Promise<void> =>
  database.transaction(async (tx) => {
    const now = clock();
    for (const name of cleanupNames) await askForLook(tx, 'cleanup', name, now);
    for (const name of ['inventory', 'leases', 'flavors'])
      await askForLook(tx, 'devices', name, now);
    await askForLook(tx, 'queue', 'all', now);
    await askForLook(tx, 'routes', 'all', now);
    for (const id of await listApplicationIds(tx)) {
      await askForLook(tx, 'repository', id, now);
      await askForLook(tx, 'application', id, now);
    }
  });
