import type { WorkloadId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import type { NewRow } from '../store/schema.ts';
import type { Lease } from './lease.ts';

/** Everything that holds a device now. */
export const listLeases = (db: Reader): Promise<Lease[]> =>
  db.selectFrom('leases').selectAll().where('releasedAt', 'is', null).execute();

/** What a workload holds or held, by node and then by device. */
export const leasesOf = (db: Reader, workloadId: WorkloadId): Promise<Lease[]> =>
  db
    .selectFrom('leases')
    .selectAll()
    .where('workloadId', '=', workloadId)
    .orderBy('number')
    .orderBy('deviceUuid')
    .execute();

/** Leases devices. Rejects where somebody holds one: the index has no room for two. */
export const insertLeases = (tx: Tx, leases: readonly NewRow<'leases'>[]) =>
  tx.insertInto('leases').values(leases).execute();
