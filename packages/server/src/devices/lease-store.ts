import type { Kysely } from 'kysely';
import type { ApplicationId, OwnerId, WorkloadId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';

/** A device that is held, or was and is not proven free yet. */
export type Lease = {
  deviceUuid: string;
  workloadId: WorkloadId;
  ownerId: OwnerId;
  applicationId: ApplicationId;
  number: number;
  acquiredAt: number;
  endedAt: number | null;
  detail: string | null;
};

const columns = [
  'deviceUuid',
  'workloadId',
  'ownerId',
  'applicationId',
  'number',
  'acquiredAt',
  'endedAt',
  'detail',
] as const;

/** Everything that holds a device now. */
export const selectLeases = (db: Kysely<Schema>): Promise<Lease[]> =>
  db.selectFrom('leases').select(columns).where('releasedAt', 'is', null).execute();

/** What a workload holds or held, by node and then by device. */
export const selectLeasesOf = (db: Kysely<Schema>, workloadId: WorkloadId): Promise<Lease[]> =>
  db
    .selectFrom('leases')
    .select(columns)
    .where('workloadId', '=', workloadId)
    .orderBy('number')
    .orderBy('deviceUuid')
    .execute();

/** Leases a device. Rejects where somebody holds it: the index has no room for two. */
export const insertLease = (
  tx: Tx,
  lease: Omit<Lease, 'endedAt' | 'detail' | 'acquiredAt'> & { at: number },
) =>
  tx
    .insertInto('leases')
    .values({
      deviceUuid: lease.deviceUuid,
      workloadId: lease.workloadId,
      ownerId: lease.ownerId,
      applicationId: lease.applicationId,
      number: lease.number,
      acquiredAt: lease.at,
      endedAt: null,
      detail: null,
      releasedAt: null,
    })
    .execute();

/** The holder is over; whether it held anything. */
export async function setLeasesEnded(tx: Tx, workloadId: WorkloadId, at: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('leases')
    .set({ endedAt: at })
    .where('workloadId', '=', workloadId)
    .where('endedAt', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** The device is proven free. */
export const setReleased = (tx: Tx, { deviceUuid, workloadId }: Lease, at: number) =>
  tx
    .updateTable('leases')
    .set({ releasedAt: at, detail: null })
    .where('deviceUuid', '=', deviceUuid)
    .where('workloadId', '=', workloadId)
    .where('releasedAt', 'is', null)
    .execute();

/** What keeps it from being offered again. */
export const setLeaseDetail = (tx: Tx, { deviceUuid, workloadId }: Lease, detail: string) =>
  tx
    .updateTable('leases')
    .set({ detail })
    .where('deviceUuid', '=', deviceUuid)
    .where('workloadId', '=', workloadId)
    .execute();
