import { newId } from '../lib/ids.ts';
import { begin } from '../states/transition.ts';
import type { Tx } from '../store/database.ts';
import { openUsage } from './account-instance.ts';
import { insertInstance, workloadInstances, setReplaced } from './instance-store.ts';
import { instanceMachine } from './machines.ts';
import { planRollout } from './plan-rollout.ts';
import { prettyName } from './pretty-name.ts';
import type { Instance, Workload } from './workload.ts';

/**
 * The workload has its capacity from `at` on: the instances that its numbers lack are added, and the time of those that
 * were there before is paid for from now on.
 */
export async function addAdmitted(tx: Tx, workload: Workload, at: number): Promise<void> {
  const there = await workloadInstances(tx, workload.id);
  for (const instance of there)
    if (instance.status !== 'exited') await openUsage(tx, workload, { ...instance, at });
  await addMissing(tx, workload, { there, at });
}

/** Adds the instances that the workload's numbers lack; how many. */
export const addInstances = async (tx: Tx, workload: Workload, at: number): Promise<number> =>
  addMissing(tx, workload, { there: await workloadInstances(tx, workload.id), at });

async function addMissing(
  tx: Tx,
  workload: Workload,
  { there, at }: { there: readonly Instance[]; at: number },
): Promise<number> {
  const steps = planRollout(workload, there, at);
  for (const { number, attempt, startAfter } of steps) {
    await setReplaced(tx, workload.id, { number, attempt });
    await addInstance(tx, workload, { number, attempt, startAfter, at });
  }
  return steps.length;
}

/** Adds one instance; its time is paid for from its workload's admission on. */
export async function addInstance(
  tx: Tx,
  workload: Workload,
  instance: { number: number; attempt: number; startAfter: number | null; at: number },
): Promise<void> {
  const id = newId('instance');
  await insertInstance(tx, workload, { ...instance, id, name: prettyName(id) });
  const { id: workloadId, ownerId, applicationId, subjectKind } = workload;
  const { number, attempt, at } = instance;
  const said = { exitCode: null, reason: null, detail: null };
  const row = { id, workloadId, ownerId, applicationId, subjectKind, number, attempt, ...said };
  await begin(tx, instanceMachine, [row], { event: 'created', at });
  await openUsage(tx, workload, { ...instance, id, at: instance.startAfter ?? instance.at });
}
