import { request } from '../reconcile/queue.ts';
import type { Tx } from '../store/database.ts';
import type { Instance, Workload } from './workload.ts';

/** Asks for a look at what the workload is there for: a run, or a deployment. */
export const requestOwner = (
  tx: Tx,
  { runId, deploymentId }: Pick<Workload | Instance, 'runId' | 'deploymentId'>,
  at: number,
): Promise<void> =>
  runId === null ? request(tx, 'deployment', deploymentId, at) : request(tx, 'run', runId, at);
