import { sql } from 'kysely';
import type { OwnerId, WorkloadId } from '../lib/ids.ts';
import { orderByTurn } from '../scheduling/order.ts';
import type { Reader, Tx } from '../store/database.ts';
import type { EstimateBasis, SubjectKind } from '../store/schema.ts';
import type { Workload } from './workload.ts';
import type { WaitReason } from '../lib/reason.ts';

/** Something that is admitted and not gone. */
export type Admitted = {
  id: WorkloadId;
  ownerId: OwnerId;
  memoryMiB: number;
  gpus: number;
  deviceClass: string | null;
  nodes: number;
  /** The host of each node. */
  placement: readonly string[];
  admittedAt: number;
  estimate: number | null;
  estimateBasis: EstimateBasis | null;
  maxDuration: number | null;
};

/** Everything that holds capacity; what is used is computed from it, never counted. */
export async function selectAdmitted(db: Reader): Promise<Admitted[]> {
  const rows = await db
    .selectFrom('workloads')
    .select([
      'id',
      'ownerId',
      'memoryMiB',
      'gpus',
      'deviceClass',
      'nodes',
      'placement',
      'admittedAt',
      'estimate',
      'estimateBasis',
      'maxDuration',
    ])
    .where('state', '=', 'admitted')
    .execute();
  return rows.map((row) => ({
    ...row,
    admittedAt: row.admittedAt ?? 0,
    placement: row.placement ?? [],
  }));
}

/**
 * What waits for capacity, the one that is looked at first first; at most `limit`, and as many of each of those owners
 * who are limited: what they may not have yet must not hide what others wait for.
 */
export async function selectQueue(
  db: Reader,
  limit: number,
  limited: readonly OwnerId[] = [],
): Promise<Workload[]> {
  const first = db
    .selectFrom('workloads')
    .selectAll()
    .where('state', '=', 'waiting')
    .where('wanted', '=', 'up')
    .orderBy('turnAt')
    .orderBy('id')
    .limit(limit);
  const pages =
    limited.length === 0
      ? [first]
      : [
          first.where('ownerId', 'not in', limited),
          ...limited.map((ownerId) => first.where('ownerId', '=', ownerId)),
        ];
  const lists = await Promise.all(pages.map((page) => page.execute()));
  const turns = lists.flat();
  const hasAll = lists.every((list) => list.length < limit);
  return orderByTurn(turns, hasAll ? turns : await selectFirsts(db, turns));
}

/** Whose things wait. */
export async function selectWaitingOwners(db: Reader): Promise<OwnerId[]> {
  const rows = await db
    .selectFrom('workloads')
    .select('ownerId')
    .distinct()
    .where('state', '=', sql.lit('waiting'))
    .where('wanted', '=', 'up')
    .execute();
  return rows.map(({ ownerId }) => ownerId);
}

/** Who takes these turns: where priorities count, an owner's first may have come after all of them. */
async function selectFirsts(db: Reader, turns: readonly Workload[]): Promise<Workload[]> {
  const urgent = await selectOutOfTurn(db);
  const found = [...Map.groupBy(turns, ({ ownerId }) => ownerId)].map(async ([ownerId, own]) =>
    urgent.has(ownerId) ? selectWaitingOf(db, ownerId, own.length) : own,
  );
  return (await Promise.all(found)).flat();
}

/** Owners of whose things one goes ahead of another that came before it. */
async function selectOutOfTurn(db: Reader): Promise<ReadonlySet<OwnerId>> {
  const rows = await db
    .selectFrom('workloads')
    .select('ownerId')
    .distinct()
    .where('state', '=', sql.lit('waiting'))
    .whereRef('queueAt', '<>', 'turnAt')
    .execute();
  return new Set(rows.map(({ ownerId }) => ownerId));
}

/** What waits of an owner's, in its order; enough to be read. */
export const selectWaitingOf = (db: Reader, ownerId: OwnerId, limit = 1_000): Promise<Workload[]> =>
  db
    .selectFrom('workloads')
    .selectAll()
    .where('state', '=', sql.lit('waiting'))
    .where('wanted', '=', 'up')
    .where('ownerId', '=', ownerId)
    .orderBy('queueAt')
    .orderBy('id')
    .limit(limit)
    .execute();

/** How many wait, by kind, class of devices and reason. */
export async function countWaiting(db: Reader): Promise<
  {
    subjectKind: SubjectKind;
    deviceClass: string | null;
    reason: WaitReason | null;
    count: number;
  }[]
> {
  const rows = await db
    .selectFrom('workloads')
    .select(['subjectKind', 'deviceClass', 'reason'])
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('state', '=', 'waiting')
    .where('wanted', '=', 'up')
    .groupBy(['subjectKind', 'deviceClass', 'reason'])
    .execute();
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

/** One admission at a time, also where transactions may run side by side. */
export const lockPool = (tx: Tx) =>
  tx
    .updateTable('leadership')
    .set(({ ref }) => ({ epoch: ref('epoch') }))
    .execute();

/** What is said of its start: what is said first is kept, to be compared with what came. */
export const setExpected = (
  tx: Tx,
  id: WorkloadId,
  { expectedAt, isFirst }: { expectedAt: number; isFirst: boolean },
) =>
  tx
    .updateTable('workloads')
    .set({ expectedAt, ...(isFirst && { promisedAt: expectedAt }) })
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .execute();

/** What was said first of starts since `since`, and when they came. */
export const selectForecasts = (
  db: Reader,
  since: number,
): Promise<{ createdAt: number; promisedAt: number | null; admittedAt: number | null }[]> =>
  db
    .selectFrom('workloads')
    .select(['createdAt', 'promisedAt', 'admittedAt'])
    .where('promisedAt', 'is not', null)
    .where('admittedAt', '>', since)
    .orderBy('admittedAt', 'desc')
    .limit(1_000)
    .execute();
