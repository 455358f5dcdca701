import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { listApplicationIds } from '../applications/find-application.ts';
import { listArtifacts } from '../builds/find-artifact.ts';
import { MINUTE } from '../lib/duration.ts';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import { keepLogBudget } from '../logs/keep-budget.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { Foundation } from './foundation.ts';

type Deps = Pick<Foundation, 'database' | 'paths' | 'clock'>;

const LOG_BUDGET = 10 * 1024 ** 3;
const EVERY = 5 * MINUTE;

/** Keeps the logs of each application to its budget; an instance's own is kept as it is written. */
export const logKeeper =
  ({ database, paths, clock }: Deps, budgetBytes = LOG_BUDGET): Reconciler =>
  async (_claim, signal) => {
    for (const id of await listApplicationIds(database.read)) {
      if (signal.aborted) break;
      await keepLogBudget(paths.applicationLogs(id), budgetBytes);
    }
    return clock() + EVERY;
  };

/** Removes what an application keeps outside the database. What its owner's others may use stays. */
export async function eraseFiles(
  { database, paths }: Deps,
  { id, ownerId }: { id: ApplicationId; ownerId: OwnerId },
): Promise<void> {
  const artifacts = await listArtifacts(database.read, id);
  const gone = [
    paths.repository(id),
    paths.applicationLogs(id),
    paths.cache(ownerId, id),
    join(paths.router, 'access', id),
    ...artifacts.map((artifact) => paths.artifact(artifact.id)),
  ];
  for (const path of gone) await rm(path, { recursive: true, force: true });
}
