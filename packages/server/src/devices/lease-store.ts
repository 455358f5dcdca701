import type { Kysely } from 'kysely';
import type { WorkloadId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { NewRow, Row, Schema } from '../store/schema.ts';

/** A device that is held, or was and is not proven free yet. */
export type Lease = Row<'leases'>;

/** Everything that holds a device now. */
export const selectLeases = (db: Kysely<Schema>): Promise<Lease[]> =>
  db.selectFrom('leases').selectAll().where('releasedAt', 'is', null).execute();

/** What a workload holds or held, by node and then by device. */
export const selectLeasesOf = (db: Kysely<Schema>, workloadId: WorkloadId): Promise<Lease[]> =>
  db
    .selectFrom('leases')
    .selectAll()
    .where('workloadId', '=', workloadId)
    .orderBy('number')
    .orderBy('deviceUuid')
    .execute();

/** Leases a device. Rejects where somebody holds it: the index has no room for two. */
export const insertLease = (tx: Tx, lease: NewRow<'leases'>) =>
  tx.insertInto('leases').values(lease).execute();

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

type LeaseKey = Pick<Lease, 'deviceUuid' | 'workloadId'>;

/** The device is proven free. */
export const setReleased = (tx: Tx, { deviceUuid, workloadId }: LeaseKey, at: number) =>
  tx
    .updateTable('leases')
    .set({ releasedAt: at, detail: null })
    .where('deviceUuid', '=', deviceUuid)
    .where('workloadId', '=', workloadId)
    .where('releasedAt', 'is', null)
    .execute();

/** What keeps it from being offered again. */
export const setLeaseDetail = (tx: Tx, { deviceUuid, workloadId }: LeaseKey, detail: string) =>
  tx
    .updateTable('leases')
    .set({ detail })
    .where('deviceUuid', '=', deviceUuid)
    .where('workloadId', '=', workloadId)
    .execute();
