import { newId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import { openUsage } from './account-instance.ts';
import { insertInstance, selectInstances, setReplaced } from './instance-store.ts';
import { planRollout } from './plan-rollout.ts';
import { prettyName } from './pretty-name.ts';
import type { Workload } from './workload.ts';

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
