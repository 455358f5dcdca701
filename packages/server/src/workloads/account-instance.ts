import {
  closeInterval,
  closeLostInterval,
  heartbeatInterval,
  openInterval,
} from '../billing/meter.ts';
import type { InstanceId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Workload } from './workload.ts';

/**
 * From now on the instance's time is paid for; minutes are rounded within its deployment or run, and
 * for the steps of a build together.
 */
export const openUsage = (
  tx: Tx,
  workload: Workload,
  { id, number, at }: { id: InstanceId; number: number; at: number },
): Promise<void> =>
  openInterval(tx, {
    instanceId: id,
    ownerId: workload.ownerId,
    applicationId: workload.applicationId,
    subjectId: workload.kind === 'build' ? workload.id : (workload.runId ?? workload.deploymentId),
    instanceNumber: workload.kind === 'build' ? 0 : number,
    flavor: workload.flavor,
    at,
  });

export const heartbeatUsage = (tx: Tx, id: InstanceId, at: number): Promise<void> =>
  heartbeatInterval(tx, id, at);

/** The instance is over, and nobody knows since when: it was alive at its last heartbeat. */
export const closeLostUsage = (tx: Tx, id: InstanceId): Promise<void> => closeLostInterval(tx, id);

/** The instance is over. */
export const closeUsage = (tx: Tx, id: InstanceId, at: number): Promise<void> =>
  closeInterval(tx, id, at);
