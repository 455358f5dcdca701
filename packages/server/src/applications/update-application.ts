import type { Clock } from '../lib/clock.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { parseName, parseText } from '../lib/name.ts';
import { demandNoMore } from '../limits/demand-room.ts';
import { demandShare } from '../limits/demand-share.ts';
import { request } from '../reconcile/queue.ts';
import type { Database, Tx } from '../store/database.ts';
import type { Application } from './application.ts';
import { setDeleted, updateApplicationRow } from './application-store.ts';
import type { ApplicationChange } from './application-store.ts';
import { parseSize } from './size.ts';

type Deps = {
  database: Database;
  clock: Clock;
  refuseWhatNeverFits(size: { flavor: string; nodes: number }): void;
  /** What follows, in the same transaction, from a size of what runs that is another than before. */
  resized(tx: Tx, id: ApplicationId, at: number): Promise<void>;
};

/** Changes what is given, and only that; options count from the next deployment on. */
export async function updateApplication(
  { database, clock, refuseWhatNeverFits, resized }: Deps,
  application: Application,
  change: ApplicationChange,
): Promise<void> {
  const name = change.name === undefined ? {} : { name: parseName('name', change.name) };
  const { description } = change;
  const text =
    description === undefined ? {} : { description: parseText('description', description) };
  const size = parseSize(change, application);
  const isOther = size.flavor !== application.flavor || size.nodes !== application.nodes;
  if (isOther) refuseWhatNeverFits(size);
  if (typeof change.buildFlavor === 'string')
    refuseWhatNeverFits({ flavor: change.buildFlavor, nodes: 1 });
  await database.transaction(async (tx) => {
    const adding = size.maxNodes > application.maxNodes ? size.maxNodes : 0;
    await demandNoMore(tx, 'nodes', { of: application.ownerId, adding });
    if (isOther) await demandShare(tx, application.ownerId, size);
    await updateApplicationRow(tx, application.id, { ...change, ...name, ...text, ...size });
    await request(tx, 'routes', 'all', clock());
    if (isOther) await resized(tx, application.id, clock());
  });
}

/** Ends what the application runs and erases it; asked for here, done by its reconciliation. */
export const deleteApplication = (
  { database, clock }: Pick<Deps, 'database' | 'clock'>,
  id: ApplicationId,
): Promise<void> =>
  database.transaction(async (tx) => {
    await setDeleted(tx, id, clock());
    await request(tx, 'application', id, clock());
    await request(tx, 'routes', 'all', clock());
  });
