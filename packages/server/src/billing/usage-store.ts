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
    .insertInto('usage_intervals')
    .values({
      instance_id: interval.instanceId,
      owner_id: interval.ownerId,
      application_id: interval.applicationId,
      subject_id: interval.subjectId,
      instance_number: interval.instanceNumber,
      flavor: interval.flavor,
      gpus: interval.gpus,
      micro_euros_per_day: interval.microEurosPerDay,
      started_at: interval.at,
      heartbeat_at: interval.at,
      ended_at: null,
    })
    .execute();
}

export async function setHeartbeat(tx: Tx, id: InstanceId, at: number): Promise<void> {
  await tx
    .updateTable('usage_intervals')
    .set({ heartbeat_at: at })
    .where('instance_id', '=', id)
    .where('ended_at', 'is', null)
    .where('heartbeat_at', '<', at)
    .execute();
}

export async function setEnded(tx: Tx, id: InstanceId, at: number): Promise<void> {
  await tx
    .updateTable('usage_intervals')
    .set(({ eb, ref }) => ({
      ended_at: eb.case().when(ref('started_at'), '>', at).then(ref('started_at')).else(at).end(),
    }))
    .where('instance_id', '=', id)
    .where('ended_at', 'is', null)
    .execute();
}

export async function setEndedAtHeartbeat(tx: Tx, id: InstanceId): Promise<void> {
  await tx
    .updateTable('usage_intervals')
    .set(({ ref }) => ({ ended_at: ref('heartbeat_at') }))
    .where('instance_id', '=', id)
    .where('ended_at', 'is', null)
    .execute();
}

/** The owner's intervals that overlap the window, with the application's name while it is there. */
export const selectIntervals = (
  db: Kysely<Schema>,
  ownerId: OwnerId,
  { from, to }: { from: number; to: number },
): Promise<Interval[]> =>
  db
    .selectFrom('usage_intervals as u')
    .leftJoin('applications as a', 'a.id', 'u.application_id')
    .select([
      'u.application_id as applicationId',
      'a.name as applicationName',
      'u.subject_id as subjectId',
      'u.instance_number as instanceNumber',
      'u.flavor',
      'u.gpus',
      'u.micro_euros_per_day as microEurosPerDay',
      'u.started_at as startedAt',
      'u.ended_at as endedAt',
    ])
    .where('u.owner_id', '=', ownerId)
    .where('u.started_at', '<', to)
    .where(({ eb, or }) => or([eb('u.ended_at', 'is', null), eb('u.ended_at', '>', from)]))
    .orderBy('u.started_at')
    .execute();
