import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database, Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { Event } from './event.ts';

export async function insertEvent(tx: Tx, event: Event): Promise<void> {
  await tx
    .insertInto('events')
    .values({
      ownerId: event.ownerId,
      applicationId: event.applicationId,
      kind: event.kind,
      at: event.at,
      data: JSON.stringify(event.data),
    })
    .execute();
}

/**
 * What a reader has seen. On SQLite, whose writers come one after the other, the last number; on
 * PostgreSQL a snapshot, since numbers are given before commits: a lower one may come to light later.
 */
export type Position = string;

/** The position of whoever has seen all that is committed by now. */
export async function selectPosition({ kind, read }: Database): Promise<Position> {
  const now =
    kind === 'postgres'
      ? sql<{ position: Position }>`select pg_current_snapshot()::text as position`
      : sql<{ position: Position }>`
          select cast(coalesce(max(sequence), 0) as text) as position from events`;
  const { rows } = await now.execute(read);
  return rows[0]?.position ?? '';
}

/** What was committed since, each event once, and the position after it. */
export async function selectSince(
  { kind: dialect, read }: Database,
  position: Position,
): Promise<{ events: Event[]; position: Position }> {
  const rows = await selectRows[dialect](read, position).execute();
  const events = rows.map(({ ownerId, applicationId, kind, at, data }) => {
    const facts = JSON.parse(data) as Event['data'];
    return { ownerId, applicationId, kind, at, data: facts };
  });
  return { events, position: rows.at(-1)?.position ?? position };
}

const columns = ['ownerId', 'applicationId', 'kind', 'at', 'data'] as const;

const selectRows = {
  sqlite: (db: Kysely<Schema>, position: Position) =>
    db
      .selectFrom('events')
      .select(columns)
      .select(sql<Position>`cast(sequence as text)`.as('position'))
      .where('sequence', '>', Number(position))
      .orderBy('sequence'),
  /**
   * Whatever the statement's own snapshot sees and the earlier one did not. Rows of a restored dump
   * carry the numbers of another server's transactions: they are not of the transaction they name.
   */
  postgres: (db: Kysely<Schema>, position: Position) =>
    db
      .selectFrom('events')
      .select(columns)
      .select(sql<Position>`pg_current_snapshot()::text`.as('position'))
      .where(
        sql<boolean>`transaction_id >= pg_snapshot_xmin(${position}::pg_snapshot)
          and transaction_id < pg_snapshot_xmax(pg_current_snapshot())
          and not pg_visible_in_snapshot(transaction_id, ${position}::pg_snapshot)
          and xmin = transaction_id::xid`,
      )
      .orderBy('sequence'),
};

/** Deletes of the `limit` oldest those that came before `before`; whether there may be more. */
export async function deleteOldest(
  tx: Tx,
  { before, limit }: { before: number; limit: number },
): Promise<boolean> {
  const oldest = await tx
    .selectFrom('events')
    .select(['sequence', 'at'])
    .orderBy('sequence')
    .limit(limit)
    .execute();
  const kept = oldest.findIndex(({ at }) => at >= before);
  const last = kept === -1 ? oldest.at(-1) : oldest[kept - 1];
  if (last === undefined) return false;
  await tx.deleteFrom('events').where('sequence', '<=', last.sequence).execute();
  return kept === -1 && oldest.length === limit;
}
