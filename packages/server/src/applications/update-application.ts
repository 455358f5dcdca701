import { request } from '../reconcile/queue.ts';
import type { Clock } from '../lib/clock.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { parseName } from '../lib/name.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Database } from '../store/database.ts';
import { MOST_NODES } from './application.ts';
import type { Application } from './application.ts';
import { setDeleted, updateApplicationRow } from './application-store.ts';
import type { ApplicationChange } from './application-store.ts';

type Deps = {
  database: Database;
  clock: Clock;
  refuseWhatNeverFits(size: { flavor: string; nodes: number }): void;
};

/** Changes what is given, and only that; size and options count from the next deployment on. */
export async function updateApplication(
  { database, clock, refuseWhatNeverFits }: Deps,
  application: Application,
  change: ApplicationChange,
): Promise<void> {
  const name = change.name === undefined ? {} : { name: parseName('name', change.name) };
  const { description } = change;
  const text =
    description === undefined ? {} : { description: parseText('description', description) };
  const nodes = parseNodes(change.nodes ?? application.nodes);
  const flavor = change.flavor ?? application.flavor;
  if (flavor !== application.flavor || nodes !== application.nodes)
    refuseWhatNeverFits({ flavor, nodes });
  await database.transaction(async (tx) => {
    await updateApplicationRow(tx, application.id, { ...change, ...name, ...text, flavor, nodes });
    await request(tx, 'routes', 'all', clock());
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

export function parseNodes(nodes: number): number {
  if (Number.isInteger(nodes) && nodes >= 1 && nodes <= MOST_NODES) return nodes;
  throw new Refusal('invalid', `The number of nodes must be 1 to ${MOST_NODES}.`, {
    nodes: `must be a whole number, 1 to ${MOST_NODES}`,
  });
}

export function parseText(field: string, text: string): string {
  if (text.length <= 2048 && !text.includes('\0')) return text;
  throw new Refusal('invalid', `The ${field} must have at most 2048 characters.`, {
    [field]: 'must have at most 2048 characters',
  });
}
