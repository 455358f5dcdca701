import { newId } from '../lib/ids.ts';
import { request } from '../reconcile/queue.ts';
import { decideAdmission } from '../scheduling/admission.ts';
import type { Pool } from '../scheduling/admission.ts';
import type { Tx } from '../store/database.ts';
import { openUsage } from './account-instance.ts';
import { insertInstance, selectInstances } from './instance-store.ts';
import { planRollout } from './plan-rollout.ts';
import { prettyName } from './pretty-name.ts';
import type { Workload } from './workload.ts';
import {
  heldMemory,
  lockPool,
  selectWaiting,
  setAdmitted,
  setWaitingReason,
} from './workload-store.ts';

/** Gives a waiting workload its room and its instances, all of them or none; else says why it waits. */
export async function admitWorkload(
  tx: Tx,
  workload: Workload,
  { pool, at }: { pool: Pool; at: number },
): Promise<boolean> {
  await lockPool(tx);
  const waiting = await selectWaiting(tx);
  const decision = decideAdmission(pool, {
    needMiB: workload.memoryMiB * workload.nodes,
    heldMiB: await heldMemory(tx),
    ahead: waiting.findIndex(({ id }) => id === workload.id),
  });
  if (decision.admit) {
    await setAdmitted(tx, workload.id, at);
    await addInstances(tx, workload, at);
  } else if (decision.reason !== workload.reason || decision.detail !== workload.detail) {
    await setWaitingReason(tx, workload.id, decision);
    await request(tx, 'deployment', workload.deploymentId, at);
  }
  return decision.admit;
}

/** Adds the instances that the workload's numbers lack; how many. */
export async function addInstances(tx: Tx, workload: Workload, at: number): Promise<number> {
  const steps = planRollout(workload, await selectInstances(tx, workload.id), at);
  for (const step of steps) await addInstance(tx, workload, { ...step, at });
  return steps.length;
}

/** Adds one instance; from now on its time is paid for, unless it builds. */
export async function addInstance(
  tx: Tx,
  workload: Workload,
  instance: { number: number; attempt: number; startAfter: number | null; at: number },
): Promise<void> {
  const id = newId('instance');
  await insertInstance(tx, workload, { ...instance, id, name: prettyName(id) });
  if (workload.kind === 'build') return;
  await openUsage(tx, workload, { ...instance, id, at: instance.startAfter ?? instance.at });
}

/** Asks for a look at everything that waits: room was given back. */
export async function requestWaiting(tx: Tx, at: number): Promise<void> {
  for (const { id } of await selectWaiting(tx)) await request(tx, 'workload', id, at);
}
