import { join } from 'node:path';
import { listOwned } from '../applications/application-store.ts';
import type { Numbered, Place } from '../workloads/engine.ts';
import { MINUTE } from '../lib/duration.ts';
import type { DataPaths } from '../paths.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { Foundation } from './foundation.ts';

const EVERY = 5 * MINUTE;

/**
 * Gives back what engines keep for applications that are erased, and for owners that have none any more. Who has
 * a number is asked first and the rows are read then: a row is older than the first start of what it stands for.
 */
export const numberKeeper =
  ({
    database,
    clock,
    engines,
    paths,
  }: Pick<Foundation, 'database' | 'clock' | 'engines' | 'paths'>): Reconciler =>
  async (_claim, signal) => {
    for (const { engine } of engines.all) {
      const numbered = await engine.numbered?.(signal);
      if (numbered === undefined) continue;
      const gone = goneOf(numbered, await listOwned(database.read));
      if (gone.applications.length + gone.owners.length > 0)
        await engine.giveBack?.(gone, placesOf(paths), signal);
    }
    return clock() + EVERY;
  };

/** Who has a number and no row. */
export function goneOf(
  { applications, owners }: Numbered,
  rows: readonly { id: string; ownerId: string }[],
): Numbered {
  const known = new Set(rows.flatMap(({ id, ownerId }) => [id, ownerId]));
  const unless = (names: readonly string[]): string[] => names.filter((name) => !known.has(name));
  return { applications: unless(applications), owners: unless(owners) };
}

/** Where trees of applications lie, by the user that they belong to. */
const placesOf = ({ root }: DataPaths): Place[] => [
  ...['artifacts', 'environments', 'checkouts', 'tools'].map(
    (name) => [join(root, name), 1] as const,
  ),
  ...['caches', 'runs'].map((name) => [join(root, name), 2] as const),
];
