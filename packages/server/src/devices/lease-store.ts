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
  'device_uuid as deviceUuid',
  'workload_id as workloadId',
  'owner_id as ownerId',
  'application_id as applicationId',
  'number',
  'acquired_at as acquiredAt',
  'ended_at as endedAt',
  'detail',
] as const;

/** Everything that holds a device now. */
export const selectLeases = (db: Kysely<Schema>): Promise<Lease[]> =>
  db.selectFrom('leases').select(columns).where('released_at', 'is', null).execute();

/** What a workload holds or held, by node and then by device. */
export const selectLeasesOf = (db: Kysely<Schema>, workloadId: WorkloadId): Promise<Lease[]> =>
  db
    .selectFrom('leases')
    .select(columns)
    .where('workload_id', '=', workloadId)
    .orderBy('number')
    .orderBy('device_uuid')
    .execute();

/** Leases a device. Rejects where somebody holds it: the index has no room for two. */
export const insertLease = (
  tx: Tx,
  lease: Omit<Lease, 'endedAt' | 'detail' | 'acquiredAt'> & { at: number },
) =>
  tx
    .insertInto('leases')
    .values({
      device_uuid: lease.deviceUuid,
      workload_id: lease.workloadId,
      owner_id: lease.ownerId,
      application_id: lease.applicationId,
      number: lease.number,
      acquired_at: lease.at,
      ended_at: null,
      detail: null,
      released_at: null,
    })
    .execute();

/** The holder is over; whether it held anything. */
export async function setLeasesEnded(tx: Tx, workloadId: WorkloadId, at: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('leases')
    .set({ ended_at: at })
    .where('workload_id', '=', workloadId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** The device is proven free. */
export const setReleased = (tx: Tx, { deviceUuid, workloadId }: Lease, at: number) =>
  tx
    .updateTable('leases')
    .set({ released_at: at, detail: null })
    .where('device_uuid', '=', deviceUuid)
    .where('workload_id', '=', workloadId)
    .where('released_at', 'is', null)
    .execute();

/** What keeps it from being offered again. */
export const setLeaseDetail = (tx: Tx, { deviceUuid, workloadId }: Lease, detail: string) =>
  tx
    .updateTable('leases')
    .set({ detail })
    .where('device_uuid', '=', deviceUuid)
    .where('workload_id', '=', workloadId)
    .execute();
