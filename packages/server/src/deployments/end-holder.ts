import type { Lease } from '../devices/devices.ts';
import type { Tx } from '../store/database.ts';
import { findWorkload } from '../workloads/list-workloads.ts';
import { requestOwner } from '../workloads/request-owner.ts';
import { redeployServing } from './redeploy-serving.ts';

/**
 * A device is not well any more: the run that holds it is looked at, which ends its attempt; what serves is
 * deployed once more, beside what still does.
 */
export async function endHolder(
  tx: Tx,
  { workloadId, applicationId }: Lease,
  at: number,
): Promise<void> {
  const workload = await findWorkload(tx, workloadId);
  if (workload === undefined || workload.wanted === 'gone') return;
  if (workload.kind === 'webapp')
    await redeployServing(tx, applicationId, { authorId: null, at, cause: 'Monitoring' });
  else await requestOwner(tx, workload, at);
}
