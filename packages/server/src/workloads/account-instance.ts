import {
  closeInterval,
  closeLostInterval,
  heartbeatInterval,
  openIntervals,
} from '../billing/meter.ts';
import type { InstanceId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import { rulesOf } from './subject.ts';
import type { Workload } from './workload.ts';

/**
 * From now on the instances' time is paid for, where the workload's is; minutes are rounded within its subject, and
 * together where its instances come one after the other. What waits for its admission costs nothing.
 */
export async function openUsage(
  tx: Tx,
  workload: Workload,
  instances: readonly { id: InstanceId; number: number; at: number }[],
): Promise<void> {
  if (!workload.metered || workload.state !== 'admitted') return;
  const { ownerId, applicationId, subjectKind, subjectId } = workload;
  const { flavor, gpus, microEurosPerDay } = workload;
  const inTurn = rulesOf(workload).instances === 'in_turn';
  const of = { ownerId, applicationId, subjectKind, subjectId, flavor, gpus, microEurosPerDay };
  await openIntervals(
    tx,
    instances.map(({ id, number, at }) => {
      const instanceNumber = inTurn ? 0 : number;
      return { ...of, instanceId: id, instanceNumber, at };
    }),
  );
}

export const heartbeatUsage = (tx: Tx, id: InstanceId, at: number): Promise<void> =>
  heartbeatInterval(tx, id, at);

/** The instance is over, and nobody knows since when: it was alive at its last heartbeat. */
export const closeLostUsage = (tx: Tx, id: InstanceId): Promise<void> => closeLostInterval(tx, id);

/** The instance is over. */
export const closeUsage = (tx: Tx, id: InstanceId, at: number): Promise<void> =>
  closeInterval(tx, id, at);
