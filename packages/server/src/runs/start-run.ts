import type { EngineName } from '../engines/engine.ts';
import type { WorkloadId } from '../lib/ids.ts';
import { request } from '../reconcile/queue.ts';
import type { Tx } from '../store/database.ts';
import { createWorkload } from '../workloads/create-workload.ts';
import { insertAttempt, insertRun } from './run-store.ts';
import type { NewRun } from './run-store.ts';

/** Between TERM and KILL of a run that is stopped. */
const GRACE_SECONDS = 30;

/** A run with its first attempt, waiting for room. */
export async function startRun(tx: Tx, run: NewRun & { engine: EngineName }): Promise<WorkloadId> {
  const runId = await insertRun(tx, run);
  const workloadId = await createWorkload(tx, {
    ...run,
    runId,
    kind: 'run',
    graceSeconds: GRACE_SECONDS,
  });
  await insertAttempt(tx, { runId, number: 1, workloadId, at: run.at });
  await request(tx, 'workload', workloadId, run.at);
  return workloadId;
}
