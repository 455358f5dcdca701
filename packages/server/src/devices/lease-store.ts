import type { Kysely, Selectable } from 'kysely';
import type { WorkloadId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { LeaseTable, Schema } from '../store/schema.ts';

/** A device that is held, or was and is not proven free yet. */
export type Lease = Selectable<LeaseTable>;

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
export const insertLease = (
  tx: Tx,
  {
    at,
    ...lease
  }: Omit<Lease, 'acquiredAt' | 'endedAt' | 'detail' | 'releasedAt'> & { at: number },
) =>
  tx
    .insertInto('leases')
    .values({ ...lease, acquiredAt: at, endedAt: null, detail: null, releasedAt: null })
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
