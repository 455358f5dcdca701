import type { InstanceId, OwnerId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import type { NewRow } from '../store/schema.ts';
import type { Interval } from './usage.ts';

export async function insertIntervals(
  tx: Tx,
  intervals: readonly NewRow<'usageIntervals'>[],
): Promise<void> {
  if (intervals.length > 0) await tx.insertInto('usageIntervals').values(intervals).execute();
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
  db: Reader,
  ownerId: OwnerId,
  { from, to }: { from: number; to: number },
): Promise<Interval[]> =>
  db
    .selectFrom('usageIntervals as u')
    .leftJoin('applications as a', 'a.id', 'u.applicationId')
    .selectAll('u')
    .select('a.name as applicationName')
    .where('u.ownerId', '=', ownerId)
    .where('u.startedAt', '<', to)
    .where(({ eb, or }) => or([eb('u.endedAt', 'is', null), eb('u.endedAt', '>', from)]))
    .orderBy('u.startedAt')
    .execute();
