import type { Kysely } from 'kysely';
import type { ApplicationId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';

export const selectValues = (
  db: Kysely<Schema>,
  id: ApplicationId,
): Promise<{ name: string; value: string }[]> =>
  db
    .selectFrom('environment_values')
    .select(['name', 'value'])
    .where('application_id', '=', id)
    .orderBy('name')
    .execute();

export const upsertValue = (
  tx: Tx,
  entry: { applicationId: ApplicationId; name: string; value: string; at: number },
) =>
  tx
    .insertInto('environment_values')
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

/** One variable of the application's, or all of them. */
export function deleteValues(tx: Tx, id: ApplicationId, name?: string) {
  const all = tx.deleteFrom('environment_values').where('application_id', '=', id);
  return (name === undefined ? all : all.where('name', '=', name)).execute();
}
