import type { Kysely } from 'kysely';
import type { InstanceId, OwnerId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { Interval, NewInterval } from './usage.ts';

export async function insertInterval(
  tx: Tx,
  interval: NewInterval & { gpus: number; microEurosPerDay: number },
): Promise<void> {
  await tx
    .insertInto('usageIntervals')
    .values({
      instanceId: interval.instanceId,
      ownerId: interval.ownerId,
      applicationId: interval.applicationId,
      subjectKind: interval.subjectKind,
      subjectId: interval.subjectId,
      instanceNumber: interval.instanceNumber,
      flavor: interval.flavor,
      gpus: interval.gpus,
      microEurosPerDay: interval.microEurosPerDay,
      startedAt: interval.at,
      heartbeatAt: interval.at,
      endedAt: null,
    })
    .execute();
}

export async function setHeartbeat(tx: Tx, id: InstanceId, at: number): Promise<void> {
  await tx
    .updateTable('usageIntervals')
    .set({ heartbeatAt: at })
    .where('instanceId', '=', id)
    .where('endedAt', 'is', null)
    .where('heartbeatAt', '<', at)
    .execute();
}

export async function setEnded(tx: Tx, id: InstanceId, at: number): Promise<void> {
  await tx
    .updateTable('usageIntervals')
    .set(({ eb, ref }) => ({
      endedAt: eb.case().when(ref('startedAt'), '>', at).then(ref('startedAt')).else(at).end(),
    }))
    .where('instanceId', '=', id)
    .where('endedAt', 'is', null)
    .execute();
}

export async function setEndedAtHeartbeat(tx: Tx, id: InstanceId): Promise<void> {
  await tx
    .updateTable('usageIntervals')
    .set(({ ref }) => ({ endedAt: ref('heartbeatAt') }))
    .where('instanceId', '=', id)
    .where('endedAt', 'is', null)
    .execute();
}

/** The owner's intervals that overlap the window, with the application's name while it is there. */
export const selectIntervals = (
  db: Kysely<Schema>,
  ownerId: OwnerId,
  { from, to }: { from: number; to: number },
): Promise<Interval[]> =>
  db
    .selectFrom('usageIntervals as u')
    .leftJoin('applications as a', 'a.id', 'u.applicationId')
    .select([
      'u.applicationId',
      'a.name as applicationName',
      'u.subjectKind',
      'u.subjectId',
      'u.instanceNumber',
      'u.flavor',
      'u.gpus',
      'u.microEurosPerDay',
      'u.startedAt',
      'u.endedAt',
    ])
    .where('u.ownerId', '=', ownerId)
    .where('u.startedAt', '<', to)
    .where(({ eb, or }) => or([eb('u.endedAt', 'is', null), eb('u.endedAt', '>', from)]))
    .orderBy('u.startedAt')
    .execute();
