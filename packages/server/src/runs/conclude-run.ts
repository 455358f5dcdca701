import { describeExit, outcomeOf } from '../workloads/workload.ts';
import type { Instance, Workload } from '../workloads/workload.ts';
import type { Tx } from '../store/database.ts';
import { setAttemptEnded } from './attempt-store.ts';
import { BARRIER } from './node-variables.ts';
import type { Run, RunOutcome } from './run.ts';
import { setRunEnded } from './run-store.ts';
import type { RunEnd } from './run-store.ts';

/** How a run's attempt ended, or undefined while it goes on: it succeeds when all its nodes do. */
export function concludeAttempt(
  workload: Pick<Workload, 'nodes'>,
  instances: readonly Instance[],
): RunOutcome | undefined {
  const outcome = outcomeOf(workload, instances);
  if (outcome === 'running') return undefined;
  if (outcome === 'succeeded') return { status: 'succeeded', exitCode: 0 };
  const { failed } = outcome;
  const node = workload.nodes > 1 ? `node ${failed.number}: ` : '';
  return {
    status: 'failed',
    reason: isBarrier(failed) ? 'barrier_timeout' : (failed.reason ?? 'exited'),
    detail: `${node}${describeExit(failed)}`,
    exitCode: failed.exitCode,
  };
}

const isBarrier = ({ reason, detail }: Instance): boolean =>
  reason === 'before_failed' && detail?.startsWith(BARRIER) === true;

export const endOf = (outcome: RunOutcome, at: number): RunEnd => ({
  status: outcome.status,
  reason: outcome.status === 'failed' ? outcome.reason : null,
  detail: outcome.status === 'failed' ? outcome.detail : null,
  exitCode: outcome.status === 'cancelled' ? null : outcome.exitCode,
  at,
});

/** Records the end of a run and of its present attempt. */
export async function endRun(
  tx: Tx,
  { id }: Pick<Run, 'id'>,
  outcome: RunOutcome,
  at: number,
): Promise<void> {
  const end = endOf(outcome, at);
  await setRunEnded(tx, id, end);
  await setAttemptEnded(tx, id, end);
}
