import { existsSync } from 'node:fs';
import { listApplicationIds } from '../applications/application-store.ts';
import { listArtifacts, listBuilt, listImages } from '../builds/artifact-store.ts';
import { keepCacheBudget } from '../builds/keep-cache-budget.ts';
import { sweepFiles } from '../builds/sweep-files.ts';
import { findNeeded } from '../deployments/find-needed.ts';
import { DAY, HOUR, MINUTE } from '../lib/duration.ts';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import { removeTree } from '../lib/remove-tree.ts';
import { Unavailable } from '../lib/unavailable.ts';
import { keepLogBudget } from '../logs/keep-budget.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import { presentWorkloads } from '../workloads/workload-store.ts';
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

type ImageDeps = Pick<Foundation, 'database' | 'clock' | 'engines'>;

/** Images are swept by what they were made from; one that was just made may not be on record yet. */
export const imageSweeper =
  ({ database, clock, engines }: ImageDeps): Reconciler =>
  async (_claim, signal) => {
    const images = await listImages(database.read);
    const isKept = (source: string): boolean => images.has(source) || existsSync(source);
    for (const { engine } of engines.all)
      await engine.sweep?.({ isKept, before: clock() - HOUR }, signal).catch(unlessAway);
    return clock() + EVERY;
  };

function unlessAway(error: unknown): void {
  if (!(error instanceof Unavailable)) throw error;
}

const CACHE_BUDGET = 5 * 1024 ** 3;

/** Removes what builds left and nobody needs any more. */
export const buildSweeper =
  (deps: Deps): Reconciler =>
  async (claim, signal) => {
    await sweepFiles({ ...deps, findNeeded }, claim, signal);
    return deps.clock() + EVERY;
  };

/**
 * Keeps the download cache of each application to its budget. Only builds fill it: it is looked at when
 * some have ended, and never while one is under way.
 */
export function cacheKeeper(
  { database, paths, clock }: Deps,
  budgetBytes = CACHE_BUDGET,
): Reconciler {
  const grown = new Map<ApplicationId, OwnerId>();
  let since = clock() - DAY;
  return async (_claim, signal) => {
    const now = clock();
    for (const { applicationId, ownerId } of await listBuilt(database.read, since))
      grown.set(applicationId, ownerId);
    since = now;
    for (const [id, ownerId] of grown) {
      if (signal.aborted) break;
      const present = await presentWorkloads(database.read, id);
      if (present.some(({ subjectKind }) => subjectKind === 'build')) continue;
      await keepCacheBudget(paths.cache(ownerId, id), budgetBytes);
      grown.delete(id);
    }
    return now + EVERY;
  };
}

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
    paths.accessLogs(id),
    paths.applicationRuns(id),
    ...artifacts.map((artifact) => paths.artifact(artifact.id)),
  ];
  for (const path of gone) await removeTree(path);
}
