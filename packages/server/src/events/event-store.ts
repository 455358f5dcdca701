import { sql } from 'kysely';
import type { Database, Reader, Tx } from '../store/database.ts';
import type { Actor } from './actor.ts';
import { eventKinds } from './event.ts';
import type { AnyEvent, Event } from './event.ts';

export async function insertEvents(tx: Tx, events: readonly Event[]): Promise<void> {
  if (events.length === 0) return;
  await tx.insertInto('events').values(events.map(rowOf)).execute();
}

const rowOf = ({ kind, ownerId, applicationId, subjectId, by, at, data }: Event) => ({
  ownerId,
  applicationId,
  kind,
  subjectKind: eventKinds[kind].subject,
  subjectId,
  actorKind: by.kind,
  actorId: 'id' in by ? by.id : null,
  at,
  data,
});

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
): Promise<{ events: AnyEvent[]; position: Position }> {
  const rows = await selectRows[dialect](read, position).execute();
  const events = rows.map(({ actorKind, actorId, ...row }) => {
    const { ownerId, applicationId, kind, subjectId, at, data } = row;
    const by = { kind: actorKind, id: actorId } as Actor;
    return { ownerId, applicationId, kind, subjectId, by, at, data } as unknown as AnyEvent;
  });
  return { events, position: rows.at(-1)?.position ?? position };
}

const selectRows = {
  sqlite: (db: Reader, position: Position) =>
    db
      .selectFrom('events')
      .selectAll()
      .select(sql<Position>`cast(sequence as text)`.as('position'))
      .where('sequence', '>', Number(position))
      .orderBy('sequence'),
  /**
   * Whatever the statement's own snapshot sees and the earlier one did not. Rows of a restored dump
   * carry the numbers of another server's transactions: they are not of the transaction they name.
   */
  postgres: (db: Reader, position: Position) =>
    db
      .selectFrom('events')
      .selectAll()
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
