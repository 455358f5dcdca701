import type { Kysely } from 'kysely';
import type { ApplicationId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';

/** What an application sees itself, and what it shows to those that depend on it: alike but for that. */
export type ValueTable = 'environment_values' | 'exposed_values';

const named = (table: ValueTable) => table as 'environment_values';

/** Nobody else changes values of the application before this transaction is over; false where it is gone. */
export async function takeApplication(tx: Tx, id: ApplicationId): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('applications')
    .set(({ ref }) => ({ name: ref('name') }))
    .where('id', '=', id)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export const selectValues = (
  db: Kysely<Schema>,
  table: ValueTable,
  id: ApplicationId,
): Promise<{ name: string; value: string }[]> =>
  db
    .selectFrom(named(table))
    .select(['name', 'value'])
    .where('application_id', '=', id)
    .orderBy('name')
    .execute();

export const upsertValue = (
  tx: Tx,
  table: ValueTable,
  entry: { applicationId: ApplicationId; name: string; value: string; at: number },
) =>
  tx
    .insertInto(named(table))
    .values({
      application_id: entry.applicationId,
      name: entry.name,
      value: entry.value,
      updated_at: entry.at,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['application_id', 'name'])
        .doUpdateSet({ value: entry.value, updated_at: entry.at }),
    )
    .execute();

export const deleteValue = (tx: Tx, id: ApplicationId, name: string) =>
  tx
    .deleteFrom('environment_values')
    .where('application_id', '=', id)
    .where('name', '=', name)
    .execute();

export const deleteValues = (tx: Tx, table: ValueTable, id: ApplicationId) =>
  tx.deleteFrom(named(table)).where('application_id', '=', id).execute();
