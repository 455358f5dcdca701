import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tx } from '../store/database.ts';
import type { Columns, Machine, RowOf } from './machine.ts';

/** Rows of a machine by part of their key. */
type Which = { key: Columns; states: readonly string[] };

/**
 * Any table with a state: which one, no type can follow. Here is the only place where a state is written.
 */
const asAny = (tx: Tx) => tx as unknown as Kysely<Record<string, Columns>>;

/** Writes these columns where the state is one of those; the rows as they are from now on. */
export async function updateStates<M extends Machine>(
  tx: Tx,
  machine: M,
  {
    key,
    states,
    set,
    first,
  }: Which & { set: Columns; first: { column: string; at: number; once: boolean }[] },
): Promise<RowOf<M>[]> {
  const { table, column, reads, ownedBy } = machine;
  let update = asAny(tx).updateTable(table).set(set).where(sql.ref(column), 'in', states);
  for (const [name, value] of Object.entries(key)) update = update.where(sql.ref(name), '=', value);
  for (const { column: time, at, once } of first) {
    update = update.set(({ ref, fn, val }) => ({ [time]: fn.coalesce(ref(time), val(at)) }));
    if (once) update = update.where(sql.ref(time), 'is', null);
  }
  const moved = update.returning(reads);
  if (typeof ownedBy !== 'object') return (await moved.execute()) as unknown as RowOf<M>[];
  const ownerOf = (named: string) =>
    sql<string>`(select ${sql.ref(named)} from ${sql.table(ownedBy.table)}
      where ${sql.ref(`${ownedBy.table}.id`)} = ${sql.ref(`${table}.${ownedBy.column}`)})`.as(
      named,
    );
  const rows = await moved.returning([ownerOf('ownerId'), ownerOf('applicationId')]).execute();
  return rows as unknown as RowOf<M>[];
}

/** The states that such rows are in. */
export async function selectStates(
  tx: Tx,
  { table, column }: Pick<Machine, 'table' | 'column'>,
  key: Columns,
): Promise<string[]> {
  const rows = await asAny(tx)
    .selectFrom(table)
    .select(column)
    .where(({ and }) => and(key))
    .execute();
  return rows.map((row) => String(row[column]));
}
