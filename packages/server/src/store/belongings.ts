import type { Kysely } from 'kysely';
import type { ApplicationId, OwnerId, UserId } from '../lib/ids.ts';
import type { Tx } from './database.ts';
import type { Schema } from './schema.ts';

/** What rows can belong to, and go with; whose an owner's are, a user or an organization. */
export type Parent = { application: ApplicationId; owner: OwnerId; user: UserId };

type Columns<T extends keyof Schema> = Extract<keyof Schema[T], string>;

/** The column that names what rows go with; several, or a column of another table that one of theirs leads to. */
type Way<T extends keyof Schema> =
  | Columns<T>
  | readonly Columns<T>[]
  | { [Of in keyof Schema]: { by: Columns<T>; of: Of; where: Columns<Of> } }[keyof Schema];

/**
 * A table and what its rows go with, or why they stay. Each noun has a list of its tables; put together, they are in
 * the order that references ask for.
 */
export type Belonging = {
  [T in keyof Schema]: { table: T; stays?: string } & { [H in keyof Parent]?: Way<T> };
}[keyof Schema];

type Of = { [H in keyof Parent]: { parent: H; id: Parent[H] } }[keyof Parent];

/** Deletes all rows that go with this one thing. */
export async function deleteBelongings(
  tx: Tx,
  belongings: readonly Belonging[],
  { parent, id }: Of,
): Promise<void> {
  // any table by any column: the types of the list say which there are
  const db = tx as unknown as Kysely<Record<string, Record<string, string>>>;
  for (const { table, [parent]: way } of belongings) {
    if (way === undefined) continue;
    const rows = db.deleteFrom(table);
    if (typeof way === 'string') await rows.where(way, '=', id).execute();
    else if ('of' in way)
      await rows
        .where(way.by, 'in', db.selectFrom(way.of).select('id').where(way.where, '=', id))
        .execute();
    else for (const column of way as readonly string[]) await rows.where(column, '=', id).execute();
  }
}
