import { lstat, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { removeTree } from '../lib/remove-tree.ts';
import type { DataPaths } from '../paths.ts';
import { holdClaim } from '../reconcile/looks.ts';
import type { Claim } from '../reconcile/reconciler.ts';
import type { Database } from '../store/database.ts';
import { deleteUnused, selectKnown } from './artifact-store.ts';
import { PARTIAL, planSweep, places } from './plan-sweep.ts';
import type { KnownArtifact, Lying, Needed, Place } from './plan-sweep.ts';

type Deps = {
  database: Database;
  paths: DataPaths;
  clock: Clock;
  findNeeded(db: Database['read']): Promise<Needed>;
};

/**
 * Removes what builds left and nobody needs any more. Rows go first: what lies there without one is
 * swept the next time where this ends half-way.
 */
export async function sweepFiles(
  { database, paths, clock, findNeeded }: Deps,
  claim: Claim,
  signal: AbortSignal,
): Promise<void> {
  const lying = await readPlaces(paths);
  // before what is needed: a build may take one of them in between
  const artifacts = await selectKnown(database.read);
  const needed = await findNeeded(database.read);
  const { forgotten, left } = planSweep({ artifacts, ...needed, lying }, clock());
  const gone = await forget(database, claim, forgotten);
  const swept = { ...left, artifacts: [...left.artifacts, ...gone] };
  for (const place of places)
    for (const name of swept[place]) {
      if (signal.aborted) return;
      const touched = lying[place].find((one) => one.name === name)?.touchedAt;
      if (touched !== undefined) await sweepAway(join(paths.folder(place), name), touched);
    }
}

const forget = (
  database: Database,
  claim: Claim,
  artifacts: readonly KnownArtifact[],
): Promise<string[]> =>
  database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    const gone: string[] = [];
    for (const artifact of artifacts) if (await deleteUnused(tx, artifact)) gone.push(artifact.id);
    return gone;
  });

async function readPlaces(paths: DataPaths): Promise<Record<Place, Lying[]>> {
  const lists = places.map(async (place) => [place, await readPlace(paths.folder(place))] as const);
  return Object.fromEntries(await Promise.all(lists)) as Record<Place, Lying[]>;
}

async function readPlace(folder: string): Promise<Lying[]> {
  const names: string[] = await readdir(folder).catch(() => []);
  const lying = names.map(async (name) => {
    const touchedAt = await touchedLast(join(folder, name));
    return touchedAt === undefined ? [] : { name, touchedAt };
  });
  return (await Promise.all(lying)).flat();
}

const touchedLast = (path: string): Promise<number | undefined> =>
  lstat(path).then(({ mtimeMs }) => mtimeMs, ignoreMissing);

/** Out of the way first, and back where a build has taken it in this very moment. */
async function sweepAway(path: string, touchedAt: number): Promise<void> {
  const aside = `${path}${PARTIAL}`;
  await removeTree(aside);
  await rename(path, aside).catch(ignoreMissing);
  const touched = await touchedLast(aside);
  if (touched === touchedAt) await removeTree(aside);
  else if (touched !== undefined) await rename(aside, path);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
