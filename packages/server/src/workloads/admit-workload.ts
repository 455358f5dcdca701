import { newId } from '../lib/ids.ts';
import { request } from '../reconcile/queue.ts';
import { decideAdmission } from '../scheduling/admission.ts';
import type { Pool } from '../scheduling/admission.ts';
import type { Tx } from '../store/database.ts';
import { openUsage } from './account-instance.ts';
import { insertInstance, selectInstances, setReplaced } from './instance-store.ts';
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
  const waiting = (await selectWaiting(tx)).filter((one) => comesFirst(one, workload));
  const decision = decideAdmission(pool, {
    needMiB: workload.memoryMiB * workload.nodes,
    heldMiB: await heldMemory(tx),
    ahead: waiting.length,
  });
  if (decision.admit) {
    await setAdmitted(tx, workload.id, at);
    if (workload.reason !== null) await request(tx, 'deployment', workload.deploymentId, at);
    await addInstances(tx, workload, at);
  } else if (decision.reason !== workload.reason || decision.detail !== workload.detail) {
    await setWaitingReason(tx, workload.id, decision);
    await request(tx, 'deployment', workload.deploymentId, at);
  }
  return decision.admit;
}

/** First come, first served; builds, which are short, wait for builds alone. */
const comesFirst = (one: Workload, workload: Workload): boolean =>
  one.id !== workload.id &&
  (one.createdAt < workload.createdAt ||
    (one.createdAt === workload.createdAt && one.id < workload.id)) &&
  (workload.kind !== 'build' || one.kind === 'build');

/** Adds the instances that the workload's numbers lack; how many. */
export async function addInstances(tx: Tx, workload: Workload, at: number): Promise<number> {
  const steps = planRollout(workload, await selectInstances(tx, workload.id), at);
  for (const step of steps) {
    await setReplaced(tx, workload.id, step);
    await addInstance(tx, workload, { ...step, paid: true, at });
  }
  return steps.length;
}

/** Adds one instance; from now on its time is paid for, unless it is a build that costs nothing. */
export async function addInstance(
  tx: Tx,
  workload: Workload,
  instance: {
    number: number;
    attempt: number;
    startAfter: number | null;
    paid: boolean;
    at: number;
  },
): Promise<void> {
  const id = newId('instance');
  await insertInstance(tx, workload, { ...instance, id, name: prettyName(id) });
  if (!instance.paid) return;
  await openUsage(tx, workload, { ...instance, id, at: instance.startAfter ?? instance.at });
}

/** Asks for a look at everything that waits: room was given back. */
export async function requestWaiting(tx: Tx, at: number): Promise<void> {
  for (const { id } of await selectWaiting(tx)) await request(tx, 'workload', id, at);
}
