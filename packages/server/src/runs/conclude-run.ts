import { describeExit, outcomeOf } from '../workloads/workload.ts';
import type { Instance, Workload } from '../workloads/workload.ts';
import { transition } from '../states/transition.ts';
import type { Tx } from '../store/database.ts';
import { BARRIER } from './node-variables.ts';
import { attemptMachine, runMachine } from './run.ts';
import type { Run, RunOutcome } from './run.ts';

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

const endOf = (outcome: RunOutcome) => ({
  reason: outcome.status === 'failed' ? outcome.reason : null,
  detail: outcome.status === 'failed' ? outcome.detail : null,
  exitCode: outcome.status === 'cancelled' ? null : outcome.exitCode,
});

/** Records the end of a run and of its present attempt; too late is fine. */
export async function endRun(
  tx: Tx,
  run: Pick<Run, 'id'>,
  outcome: RunOutcome,
  at: number,
): Promise<void> {
  const facts = endOf(outcome);
  await transition(tx, runMachine, { id: run.id }, { event: outcome.status, facts, at });
  await endAttempt(tx, run, { outcome, startAfter: null, at });
}

/** The present attempt is over; the next one may be queued at `startAfter`, where there is to be one. */
export async function endAttempt(
  tx: Tx,
  { id }: Pick<Run, 'id'>,
  { outcome, startAfter, at }: { outcome: RunOutcome; startAfter: number | null; at: number },
): Promise<void> {
  const end = { event: outcome.status, facts: { ...endOf(outcome), startAfter }, at } as const;
  await transition(tx, attemptMachine, { runId: id }, end);
}
