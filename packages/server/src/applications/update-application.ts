import type { Actor } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { parseName, parseText } from '../lib/name.ts';
import { requireNoMore } from '../limits/require-room.ts';
import { requireShare } from '../limits/require-share.ts';
import { askForLook } from '../reconcile/looks.ts';
import { canonicalName } from '../scheduling/flavor.ts';
import { refuseWhatNeverFits } from '../scheduling/never-fits.ts';
import type { EmptyPlatform } from '../scheduling/never-fits.ts';
import type { Database, Tx } from '../store/database.ts';
import type { Application } from './application.ts';
import { recordApplicationEvent } from './application-event.ts';
import { setDeleted, setWanted, updateApplicationRow } from './application-store.ts';
import type { ApplicationChange } from './application-store.ts';
import { requireFlavors, parseSize } from './size.ts';

type Deps = {
  database: Database;
  clock: Clock;
  /** The platform when it is empty, and what of its sizes it can hold then. */
  empty(): Promise<EmptyPlatform>;
  /** What follows, in the same transaction, from a size of what runs that is another than before. */
  resized(tx: Tx, id: ApplicationId, at: number): Promise<void>;
};

/** Changes what is given, and only that; options count from the next deployment on. */
export async function updateApplication(
  { database, clock, empty: open, resized }: Deps,
  application: Application,
  { by, ...change }: ApplicationChange & { by: Actor },
): Promise<void> {
  const name = change.name === undefined ? {} : { name: parseName('name', change.name) };
  const { description } = change;
  const text =
    description === undefined ? {} : { description: parseText('description', description) };
  const empty = await open();
  const size = parseSize(change, application, empty.flavors);
  const isOther = size.flavor !== application.flavor || size.nodes !== application.nodes;
  if (isOther) refuseWhatNeverFits(empty, size);
  if (typeof change.buildFlavor === 'string')
    refuseWhatNeverFits(empty, { flavor: change.buildFlavor, nodes: 1 });
  await database.transaction(async (tx) => {
    await requireFlavors(tx, { ...change, ...size });
    const adding = size.maxNodes > application.maxNodes ? size.maxNodes : 0;
    await requireNoMore(tx, 'nodes', { of: application.ownerId, adding });
    if (isOther) await requireShare(tx, application.ownerId, size);
    const at = clock();
    const build = change.buildFlavor ? { buildFlavor: canonicalName(change.buildFlavor) } : {};
    const whole = { ...change, ...name, ...text, ...size, ...build };
    await updateApplicationRow(tx, application.id, whole);
    await askForLook(tx, 'routes', 'all', at);
    const changes = changesOf(application, whole);
    if (Object.keys(changes).length > 0) {
      const event = { kind: 'application.changed', by, at, data: { changes } } as const;
      await recordApplicationEvent(tx, application, event);
    }
    if (isOther) await resized(tx, application.id, at);
  });
}

/** What is given and other than before, as it is from now on. */
const changesOf = (before: Application, given: ApplicationChange) =>
  Object.fromEntries(
    Object.entries(given).filter(([name, value]) => before[name as keyof Application] !== value),
  );

/** What the user wants of the application from now on. */
export const wantApplication = (tx: Tx, id: ApplicationId, wanted: 'up' | 'down') =>
  setWanted(tx, id, wanted);

/** Ends what the application runs and erases it; asked for here, done by its reconciliation. */
export const deleteApplication = (
  { database, clock }: Pick<Deps, 'database' | 'clock'>,
  application: Application,
  by: Actor,
): Promise<void> =>
  database.transaction(async (tx) => {
    const { id, name } = application;
    const at = clock();
    await setDeleted(tx, id, at);
    await askForLook(tx, 'application', id, at);
    await askForLook(tx, 'routes', 'all', at);
    const event = { kind: 'application.deleted', by, at, data: { name } } as const;
    await recordApplicationEvent(tx, application, event);
  });
