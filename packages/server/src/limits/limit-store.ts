import { sql } from 'kysely';
import type { OwnerId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import { isPostgres } from '../store/migrations/0001-tables.ts';
import type { LimitName } from './limit.ts';

/** What stands for everybody. */
const ALL = '';

export type SetLimit = { name: string; ownerId: OwnerId | undefined; value: number | null };

/** What operators have set of these limits for this user or owner, and for all. */
export async function selectSet(
  db: Reader,
  name: LimitName,
  of: OwnerId,
): Promise<{ own?: number | null; all?: number | null }> {
  const rows = await db
    .selectFrom('limits')
    .select(['subjectId as subject', 'value'])
    .where('name', '=', name)
    .where('subjectId', 'in', [of, ALL])
    .execute();
  const found: { own?: number | null; all?: number | null } = {};
  for (const { subject, value } of rows) found[subject === ALL ? 'all' : 'own'] = value;
  return found;
}

/** Everything that operators have set, by name. */
export async function listSetLimits(db: Reader): Promise<SetLimit[]> {
  const rows = await db
    .selectFrom('limits')
    .select(['name', 'subjectId as subject', 'value'])
    .orderBy('name')
    .orderBy('subjectId')
    .execute();
  return rows.map(({ name, subject, value }) => ({
    name,
    value,
    ownerId: subject === ALL ? undefined : subject,
  }));
}

export const upsertLimit = (
  tx: Tx,
  { name, ownerId, value, at }: SetLimit & { name: LimitName; at: number },
) =>
  tx
    .insertInto('limits')
    .values({ name, subjectId: ownerId ?? ALL, value, setAt: at })
    .onConflict((conflict) =>
      conflict.columns(['name', 'subjectId']).doUpdateSet({ value, setAt: at }),
    )
    .execute();

export const deleteLimit = (tx: Tx, name: LimitName, ownerId: OwnerId | undefined) =>
  tx
    .deleteFrom('limits')
    .where('name', '=', name)
    .where('subjectId', '=', ownerId ?? ALL)
    .execute();

/**
 * Whoever counts the same waits for this transaction's end, and sees what it added. On SQLite, whose writers come
 * one after the other, nobody has to wait.
 */
export async function takeCount(tx: Tx, name: LimitName, of: string): Promise<void> {
  if (!isPostgres(tx)) return;
  await sql`select pg_advisory_xact_lock(hashtextextended(${`limits/${name}/${of}`}, 0))`.execute(
    tx,
  );
}
