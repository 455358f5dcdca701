import { request } from '../reconcile/queue.ts';
import type { InstanceId } from '../lib/ids.ts';
import type { Database } from '../store/database.ts';
import { findInstance, setHealthy, setUnhealthy } from './instance-store.ts';
import type { Instance, Workload } from './workload.ts';

/** An instance whose health is still to be proved, or undefined. */
export async function findUnproved(
  { read }: Database,
  id: InstanceId,
): Promise<(Instance & { kind: Workload['kind'] }) | undefined> {
  const instance = await findInstance(read, id);
  const waits = instance?.status === 'starting' && instance.reason === null;
  return waits && instance.kind === 'webapp' ? instance : undefined;
}

/** The instance serves: its deployment may go live, and visitors may be sent to it. */
export const recordHealthy = (database: Database, instance: Instance, at: number): Promise<void> =>
  database.transaction(async (tx) => {
    if (!(await setHealthy(tx, instance.id, at))) return;
    await request(tx, 'deployment', instance.deploymentId, at);
    await request(tx, 'routes', 'all', at);
  });

/** The instance did not prove its health in time. */
export const recordUnhealthy = (
  database: Database,
  instance: Instance,
  { detail, at }: { detail: string; at: number },
): Promise<void> =>
  database.transaction(async (tx) => {
    await setUnhealthy(tx, instance.id, detail);
    await request(tx, 'workload', instance.workloadId, at);
    await request(tx, 'deployment', instance.deploymentId, at);
  });
