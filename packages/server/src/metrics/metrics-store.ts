import type { ExpressionBuilder } from 'kysely';
import type { ApplicationId, InstanceId, OwnerId, WorkloadId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import type { Row, Schema } from '../store/schema.ts';
import type { LeasedDevice } from './held-devices.ts';
import type { Point, Rollup, Values } from './metric.ts';

/** Rows in one statement; each has four values at most, and a statement can have 32,766. */
const AT_ONCE = 500;

function* batches<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += AT_ONCE) yield all.slice(at, at + AT_ONCE);
}

/** What was measured at a time before stays. */
export async function insertSamples(tx: Tx, samples: readonly Point<Values>[]): Promise<void> {
  for (const some of batches(samples))
    await tx
      .insertInto('metricSamples')
      .values(some.map(toRow))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
}

export async function insertRollups(
  tx: Tx,
  step: number,
  rollups: readonly Point<Rollup>[],
): Promise<void> {
  for (const some of batches(rollups))
    await tx
      .insertInto('metricRollups')
      .values(some.map((one) => ({ ...toRow(one), step })))
      .onConflict((conflict) =>
        conflict
          .columns(['subjectId', 'step', 'at'])
          .doUpdateSet(({ ref }) => ({ metrics: ref('excluded.metrics') })),
      )
      .execute();
}

const toRow = ({ subjectId, at, values }: Point<Values | Rollup>) => ({
  subjectId,
  at,
  metrics: values,
});

const toPoint = <V>({ subjectId, at, metrics }: Row<'metricSamples'>): Point<V> => ({
  subjectId,
  at,
  values: metrics as V,
});

/** From, and until before; of these alone where they are given. */
export type Window = { from: number; to: number; subjects?: readonly string[] };

type Table = 'metricSamples' | 'metricRollups';

const isWithin =
  ({ from, to, subjects }: Window) =>
  ({ eb, and }: ExpressionBuilder<Schema, Table>) =>
    and([
      eb('at', '>=', from),
      eb('at', '<', to),
      ...(subjects === undefined ? [] : [eb('subjectId', 'in', subjects)]),
    ]);

/** In the order of time. */
export async function selectSamples(db: Reader, window: Window): Promise<Point<Values>[]> {
  if (isEmpty(window)) return [];
  const found = await db
    .selectFrom('metricSamples')
    .selectAll()
    .where(isWithin(window))
    .orderBy('at')
    .execute();
  return found.map((row) => toPoint<Values>(row));
}

/** Those of each subject in the order of time. */
export async function selectRollups(
  db: Reader,
  step: number,
  window: Window,
): Promise<Point<Rollup>[]> {
  if (isEmpty(window)) return [];
  const found = await db
    .selectFrom('metricRollups')
    .selectAll()
    .where('step', '=', step)
    .where(isWithin(window))
    .orderBy('subjectId')
    .orderBy('at')
    .execute();
  return found.map((row) => toPoint<Rollup>(row));
}

const isEmpty = ({ from, to, subjects }: Window): boolean => from >= to || subjects?.length === 0;

/** When the newest one of this step begins, or undefined for none. */
export async function selectNewestRollup(db: Reader, step: number): Promise<number | undefined> {
  const found = await db
    .selectFrom('metricRollups')
    .select('at')
    .where('step', '=', step)
    .orderBy('at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return found?.at;
}

/** What is kept: nothing before, and nothing of a future that a clock which jumped has seen. */
export type Kept = { from: number; to: number };

/** Each end by itself: that is a range of an index, where both at once would be a look at every row. */
export async function deleteSamples(tx: Tx, { from, to }: Kept): Promise<void> {
  await tx.deleteFrom('metricSamples').where('at', '<', from).execute();
  await tx.deleteFrom('metricSamples').where('at', '>', to).execute();
}

export async function deleteRollups(tx: Tx, step: number, { from, to }: Kept): Promise<void> {
  const ofStep = tx.deleteFrom('metricRollups').where('step', '=', step);
  await ofStep.where('at', '<', from).execute();
  await ofStep.where('at', '>', to).execute();
}

/** Whose a sample is; null of a device. */
export type SampledInstance = {
  id: InstanceId;
  ownerId: OwnerId;
  /** Null of what belongs to none. */
  applicationId: ApplicationId | null;
  /** Null where it was deleted since. */
  applicationName: string | null;
  /** What it serves for, builds, or is a node of a run of. */
  deploymentId: string;
  number: number;
  flavor: string;
};

/** Samples since then with the instances that they are of, in the order of time; those that are over are left out. */
export async function selectSamplesWithInstances(
  db: Reader,
  since: number,
): Promise<{ point: Point<Values>; instance: SampledInstance | null }[]> {
  const found = await db
    .selectFrom('metricSamples as m')
    .leftJoin('instances as i', 'i.id', 'm.subjectId')
    .leftJoin('applications as a', 'a.id', 'i.applicationId')
    .leftJoin('runs as r', 'r.id', 'i.subjectId')
    .select(['m.subjectId', 'm.at', 'm.metrics'])
    .select([
      'i.id',
      'i.ownerId',
      'i.applicationId',
      'a.name as applicationName',
      'i.number',
      'i.flavor',
    ])
    .select(({ fn }) => fn.coalesce('r.deploymentId', 'i.subjectId').as('deploymentId'))
    .where('m.at', '>=', since)
    .where(({ eb, or }) => or([eb('i.id', 'is', null), eb('i.status', '!=', 'exited')]))
    .orderBy('m.at')
    .execute();
  return found.map(({ subjectId, at, metrics, ...instance }) => ({
    point: toPoint<Values>({ subjectId, at, metrics }),
    instance: instance.id === null ? null : (instance as SampledInstance),
  }));
}

/** Who has leased a device; between two attempts there is no instance. */
export type Holder = { applicationId: ApplicationId | null; instanceId: InstanceId | null };

/** The holders of all devices that are leased, by UUID. */
export async function readHolders(db: Reader): Promise<ReadonlyMap<string, Holder>> {
  const found = await db
    .selectFrom('leases as l')
    .leftJoin('instances as i', (join) =>
      join
        .onRef('i.workloadId', '=', 'l.workloadId')
        .onRef('i.number', '=', 'l.number')
        .on('i.status', '!=', 'exited'),
    )
    .select(['l.deviceUuid as uuid', 'l.applicationId', 'i.id as instanceId'])
    .where('l.endedAt', 'is', null)
    .where('l.releasedAt', 'is', null)
    .orderBy('i.attempt')
    .execute();
  return new Map(found.map(({ uuid, ...holder }) => [uuid, holder]));
}

/** What these workloads have or had leased, in the order of the devices' places. */
export const selectLeased = async (
  db: Reader,
  workloadIds: readonly WorkloadId[],
): Promise<LeasedDevice[]> =>
  workloadIds.length === 0
    ? []
    : db
        .selectFrom('leases as l')
        .innerJoin('devices as d', 'd.uuid', 'l.deviceUuid')
        .select(['l.workloadId', 'l.number', 'd.uuid', 'd.model'])
        .select(['l.acquiredAt', 'l.endedAt'])
        .where('l.workloadId', 'in', workloadIds)
        .orderBy('d.host')
        .orderBy('d.position')
        .orderBy('d.uuid')
        .execute();
