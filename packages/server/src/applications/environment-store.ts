import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';

/** What an application sees itself, and what it shows to those that depend on it: alike but for that. */
export type ValueTable = 'environmentValues' | 'exposedValues';

const named = (table: ValueTable) => table as 'environmentValues';

/**
 * Nobody else changes values of the application before this transaction is over; whose it is, or undefined where
 * it is gone.
 */
export async function takeApplication(tx: Tx, id: ApplicationId): Promise<OwnerId | undefined> {
  const row = await tx
    .updateTable('applications')
    .set(({ ref }) => ({ name: ref('name') }))
    .where('id', '=', id)
    .returning('ownerId')
    .executeTakeFirst();
  return row?.ownerId;
}

export const selectValues = (
  db: Reader,
  table: ValueTable,
  id: ApplicationId,
): Promise<{ name: string; value: string }[]> =>
  db
    .selectFrom(named(table))
    .select(['name', 'value'])
    .where('applicationId', '=', id)
    .orderBy('name')
    .execute();

type Entry = { name: string; value: string };

/** So many are written by one statement: those of one are slow, and each number is a statement of its own to keep. */
const AT_A_TIME = 50;

export async function upsertValues(
  tx: Tx,
  { table, id, at }: { table: ValueTable; id: ApplicationId; at: number },
  entries: readonly Entry[],
): Promise<void> {
  const whole = entries.length - (entries.length % AT_A_TIME);
  for (let from = 0; from < entries.length; from += from < whole ? AT_A_TIME : 1) {
    const some = entries.slice(from, from < whole ? from + AT_A_TIME : from + 1);
    await tx
      .insertInto(named(table))
      .values(some.map((one) => ({ applicationId: id, ...one, updatedAt: at })))
      .onConflict((conflict) =>
        conflict.columns(['applicationId', 'name']).doUpdateSet(({ ref }) => ({
          value: ref('excluded.value'),
          updatedAt: ref('excluded.updatedAt'),
        })),
      )
      .execute();
  }
}

/** False where there was no such variable. */
export async function deleteValue(tx: Tx, id: ApplicationId, name: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('environmentValues')
    .where('applicationId', '=', id)
    .where('name', '=', name)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export const deleteValues = (tx: Tx, table: ValueTable, id: ApplicationId) =>
  tx.deleteFrom(named(table)).where('applicationId', '=', id).execute();
