import type { ApplicationId, InstanceId, OwnerId } from '../lib/ids.ts';
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

/** What the application was called, which is about to be gone. */
export const setApplicationName = (
  tx: Tx,
  { id, ownerId, name }: { id: ApplicationId; ownerId: OwnerId; name: string },
) =>
  tx
    .updateTable('usageIntervals')
    .set({ applicationName: name })
    .where('ownerId', '=', ownerId)
    .where('applicationId', '=', id)
    .execute();

/** The owner's intervals that overlap the window, with the name that the application has, or had. */
export async function selectIntervals(
  db: Reader,
  ownerId: OwnerId,
  { from, to }: { from: number; to: number },
): Promise<Interval[]> {
  const rows = await db
    .selectFrom('usageIntervals as u')
    .leftJoin('applications as a', 'a.id', 'u.applicationId')
    .selectAll('u')
    .select(({ fn }) => fn.coalesce('a.name', 'u.applicationName').as('applicationName'))
    .select(['a.id as present', 'a.deletedAt'])
    .where('u.ownerId', '=', ownerId)
    .where('u.startedAt', '<', to)
    .where(({ eb, or }) => or([eb('u.endedAt', 'is', null), eb('u.endedAt', '>', from)]))
    .orderBy('u.startedAt')
    .execute();
  return rows.map(({ present, deletedAt, ...row }) => ({
    ...row,
    applicationDeleted: row.applicationId !== null && (present === null || deletedAt !== null),
  }));
}
