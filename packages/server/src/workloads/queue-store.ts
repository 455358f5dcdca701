import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { ApplicationId, OwnerId, WorkloadId } from '../lib/ids.ts';
import { orderByTurn } from '../scheduling/order.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { columns } from './workload-store.ts';
import type { Workload } from './workload.ts';

/** Something that is admitted and not gone. */
export type Holding = {
  id: WorkloadId;
  ownerId: OwnerId;
  kind: Workload['kind'];
  memoryMiB: number;
  gpus: number;
  deviceClass: string | null;
  nodes: number;
  /** The host of each node. */
  placement: readonly string[];
  admittedAt: number;
  estimate: number | null;
  maxDuration: number | null;
};

/** Everything that holds room; what is used is computed from it, never counted. */
export async function selectHolding(db: Kysely<Schema>): Promise<Holding[]> {
  const rows = await db
    .selectFrom('workloads')
    .select([
      'id',
      'ownerId',
      'kind',
      'memoryMiB',
      'gpus',
      'deviceClass',
      'nodes',
      'placement',
      'admittedAt',
      'estimate',
      'maxDuration',
    ])
    .where('state', '=', 'admitted')
    .execute();
  return rows.map((row) => ({
    ...row,
    admittedAt: row.admittedAt ?? 0,
    placement: JSON.parse(row.placement ?? '[]') as string[],
  }));
}

/**
 * What waits for room, the one that is looked at first first; at most `limit`, and as many of each of those owners
 * who are limited: what they may not have yet must not hide what others wait for.
 */
export async function selectQueue(
  db: Kysely<Schema>,
  limit: number,
  limited: readonly OwnerId[] = [],
): Promise<Workload[]> {
  const first = db
    .selectFrom('workloads')
    .select(columns)
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
export async function selectWaitingOwners(db: Kysely<Schema>): Promise<OwnerId[]> {
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
async function selectFirsts(db: Kysely<Schema>, turns: readonly Workload[]): Promise<Workload[]> {
  const urgent = await selectOutOfTurn(db);
  const found = [...Map.groupBy(turns, ({ ownerId }) => ownerId)].map(async ([ownerId, own]) =>
    urgent.has(ownerId) ? selectWaitingOf(db, ownerId, own.length) : own,
  );
  return (await Promise.all(found)).flat();
}

/** Owners of whose things one goes ahead of another that came before it. */
async function selectOutOfTurn(db: Kysely<Schema>): Promise<ReadonlySet<OwnerId>> {
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
export const selectWaitingOf = (
  db: Kysely<Schema>,
  ownerId: OwnerId,
  limit = 1_000,
): Promise<Workload[]> =>
  db
    .selectFrom('workloads')
    .select(columns)
    .where('state', '=', sql.lit('waiting'))
    .where('wanted', '=', 'up')
    .where('ownerId', '=', ownerId)
    .orderBy('queueAt')
    .orderBy('id')
    .limit(limit)
    .execute();

/** How many wait, by kind, class of devices and reason. */
export async function countWaiting(
  db: Kysely<Schema>,
): Promise<
  { kind: Workload['kind']; deviceClass: string | null; reason: string | null; count: number }[]
> {
  const rows = await db
    .selectFrom('workloads')
    .select(['kind', 'deviceClass', 'reason'])
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('state', '=', 'waiting')
    .where('wanted', '=', 'up')
    .groupBy(['kind', 'deviceClass', 'reason'])
    .execute();
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

/** One admission at a time, also where transactions may run side by side. */
export const lockPool = (tx: Tx) =>
  tx
    .updateTable('leadership')
    .set(({ ref }) => ({ epoch: ref('epoch') }))
    .execute();

/** Gives it its room; false where it does not wait any more. */
export async function setAdmitted(
  tx: Tx,
  id: WorkloadId,
  { placement, at }: { placement: readonly string[]; at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('workloads')
    .set({
      state: 'admitted',
      admittedAt: at,
      reason: null,
      detail: null,
      placement: JSON.stringify(placement),
    })
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .where('wanted', '=', 'up')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** What is said of its start: the first word is kept, to be compared with what came. */
export const setExpected = (tx: Tx, id: WorkloadId, expectedAt: number) =>
  tx
    .updateTable('workloads')
    .set(({ fn, val }) => ({
      expectedAt,
      promisedAt: fn.coalesce('promisedAt', val(expectedAt)),
    }))
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .execute();

/** What was said first of starts since `since`, and when they came. */
export const selectPromises = (
  db: Kysely<Schema>,
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

/** How long the last of its kind held their room, the newest first, in ms. */
export async function selectPastDurations(
  db: Kysely<Schema>,
  of: { applicationId: ApplicationId; kind: 'build' | 'run'; flavor: string },
  limit: number,
): Promise<number[]> {
  const rows = await (of.kind === 'run'
    ? db
        .selectFrom('workloads as w')
        .innerJoin('attempts as a', 'a.workloadId', 'w.id')
        .select(['w.admittedAt as from', 'a.finishedAt as to'])
        .where('w.applicationId', '=', of.applicationId)
        .where('w.flavor', '=', of.flavor)
        .where('a.status', '=', 'succeeded')
        .orderBy('a.finishedAt', 'desc')
        .limit(limit)
        .execute()
    : db
        .selectFrom('workloads')
        .select(['admittedAt as from', 'goneAt as to'])
        .where('applicationId', '=', of.applicationId)
        .where('flavor', '=', of.flavor)
        .where('kind', '=', 'build')
        .where('state', '=', 'gone')
        .where('admittedAt', 'is not', null)
        .orderBy('createdAt', 'desc')
        .limit(limit)
        .execute());
  return rows.flatMap(({ from, to }) => (from === null || to === null ? [] : [to - from]));
}

/** More than so many are not read at once: the oldest are left out. */
const MOST_PAST = 100_000;

/** What ran and came since then, each attempt by itself, the oldest first; times in ms. */
export async function selectPastRuns(db: Kysely<Schema>, since: number) {
  const rows = await db
    .selectFrom('workloads as w')
    .innerJoin('attempts as a', 'a.workloadId', 'w.id')
    .select(['w.createdAt', 'w.admittedAt as from', 'a.finishedAt as to'])
    .select(['w.estimate', 'w.nodes', 'w.gpus', 'w.memoryMiB as memory'])
    .select('w.deviceClass as class')
    .where('w.createdAt', '>=', since)
    .where('w.admittedAt', 'is not', null)
    .where('a.finishedAt', 'is not', null)
    .orderBy('w.createdAt', 'desc')
    .limit(MOST_PAST)
    .execute();
  return rows
    .map(({ from, to, ...run }) => ({ ...run, duration: Math.max(0, (to ?? 0) - (from ?? 0)) }))
    .toReversed();
}
