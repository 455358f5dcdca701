import { newId } from '../lib/ids.ts';
import { begin } from '../states/transition.ts';
import type { Tx } from '../store/database.ts';
import { openUsage } from './account-instance.ts';
import { insertInstances, workloadInstances, setReplaced } from './instance-store.ts';
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
  const running = there.filter(({ status }) => status !== 'exited');
  await openUsage(
    tx,
    workload,
    running.map(({ id, number }) => ({ id, number, at })),
  );
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
  for (const { number, attempt } of steps)
    if (attempt > 1) await setReplaced(tx, workload.id, { number, attempt });
  await addAll(
    tx,
    workload,
    steps.map((step) => ({ ...step, at })),
  );
  return steps.length;
}

type Added = { number: number; attempt: number; startAfter: number | null; at: number };

/** Adds one instance; its time is paid for from its workload's admission on. */
export const addInstance = (tx: Tx, workload: Workload, instance: Added): Promise<void> =>
  addAll(tx, workload, [instance]);

async function addAll(tx: Tx, workload: Workload, added: readonly Added[]): Promise<void> {
  const [first] = added;
  if (first === undefined) return;
  const made = added.map((one) => {
    const id = newId('instance');
    return { ...one, id, name: prettyName(id) };
  });
  await insertInstances(tx, workload, made);
  const { id: workloadId, ownerId, applicationId, subjectKind } = workload;
  const of = { workloadId, ownerId, applicationId, subjectKind };
  const said = { exitCode: null, reason: null, detail: null };
  const rows = made.map(({ id, number, attempt }) => ({ id, number, attempt, ...of, ...said }));
  await begin(tx, instanceMachine, rows, { event: 'created', at: first.at });
  await openUsage(
    tx,
    workload,
    made.map(({ id, number, startAfter, at }) => ({ id, number, at: startAfter ?? at })),
  );
}
