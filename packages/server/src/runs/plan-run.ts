import { spellRoughly } from '../lib/spell-duration.ts';
import type { EngineName } from '../workloads/engine.ts';
import { whyWaits } from '../workloads/workload.ts';
import type { Instance, Workload } from '../workloads/workload.ts';
import { concludeAttempt } from './conclude-run.ts';
import { planRetry } from './plan-retry.ts';
import { isOver } from './run.ts';
import type { RunEngine } from './run-engine.ts';
import type { Attempt, Run, RunFailure, RunOutcome } from './run.ts';
import type { EndReason, WaitReason } from '../lib/reason.ts';

/** All that decides what a run does next. */
export type RunSituation = {
  run: Run;
  /** In their order; the last is the present one. */
  attempts: readonly Attempt[];
  /** What keeps the present attempt's nodes. */
  workload: Workload | undefined;
  instances: readonly Instance[];
  /** What keeps the next attempt, or why nothing can. */
  engine: RunEngine;
  /** What is wrong with a device that it holds, or undefined. */
  fault: string | undefined;
  now: number;
};

export type RunStep =
  | { do: 'nothing'; lookAt: number | undefined }
  | { do: 'note_running' }
  /** Says why it waits, or with null that it does not any more. */
  | { do: 'note_wait'; reason: WaitReason | null; detail: string | null }
  /** Ends what runs of the attempt; `ending` is then why it is over. */
  | { do: 'end_attempt'; ending: EndReason; detail: string }
  | { do: 'retry'; failure: RunFailure; startAfter: number }
  | { do: 'queue_attempt'; engine: EngineName }
  | { do: 'end'; outcome: RunOutcome };

/** The next step of a run: one attempt after the other, until one succeeds or nothing is left to try. */
export function planRun(situation: RunSituation): RunStep {
  const { run, attempts, workload } = situation;
  const attempt = attempts.at(-1);
  if (isOver(run.status) || attempt === undefined) return wait();
  if (run.wanted === 'cancel') return { do: 'end', outcome: { status: 'cancelled' } };
  if (isOver(attempt.status)) return planNext(situation, attempt);
  if (workload === undefined) return wait();
  if (attempt.ending !== null) return planEnding(situation, attempt, workload);
  if (workload.state === 'waiting') return planWaiting(run, workload);
  return planUnderWay(situation, attempt, workload);
}

const wait = (lookAt?: number): RunStep => ({ do: 'nothing', lookAt });

/** The next attempt waits until the pause is over, and the former has given back what it held. */
function planNext({ workload, engine, now }: RunSituation, { startAfter }: Attempt): RunStep {
  if (workload !== undefined && workload.state !== 'gone') return wait();
  if (startAfter !== null && startAfter > now) return wait(startAfter);
  if (typeof engine === 'string') return { do: 'queue_attempt', engine };
  return { do: 'end', outcome: { status: 'failed', ...engine, exitCode: null } };
}

function planWaiting(run: Run, { reason, detail }: Workload): RunStep {
  if (reason === 'never_fits')
    return {
      do: 'end',
      outcome: { status: 'failed', reason, detail: detail ?? reason, exitCode: null },
    };
  return run.reason === reason ? wait() : { do: 'note_wait', reason, detail };
}

/** The platform ended it; how its instances ended does not count, unless they were done before. */
function planEnding(
  { instances, attempts, run, now }: RunSituation,
  attempt: Attempt,
  workload: Workload,
): RunStep {
  const over = workload.state === 'gone' || instances.every(({ status }) => status === 'exited');
  if (!over) return wait();
  const failure: RunFailure = {
    status: 'failed',
    reason: attempt.ending ?? 'stopped',
    detail: attempt.detail ?? 'It was ended.',
    exitCode: null,
  };
  return afterFailure({ run, attempts, failure, now });
}

function planUnderWay(situation: RunSituation, attempt: Attempt, workload: Workload): RunStep {
  const { run, attempts, instances, fault, now } = situation;
  const outcome = concludeAttempt(workload, instances);
  if (outcome?.status === 'succeeded') return { do: 'end', outcome };
  if (fault !== undefined) return { do: 'end_attempt', ending: 'device_lost', detail: fault };
  if (outcome?.status === 'failed') return afterFailure({ run, attempts, failure: outcome, now });
  if (workload.engineAway !== null) return planAway(run, workload);
  const computing = instances.filter(({ status }) => status === 'healthy').length;
  const isFirst = run.status === 'waiting' && computing === workload.nodes;
  if (isFirst) return { do: 'note_running' };
  if (run.reason !== null) return { do: 'note_wait', reason: null, detail: null };
  return planDeadline(run, attempt, now);
}

function planAway(run: Run, workload: Workload): RunStep {
  const why = whyWaits(workload);
  return run.reason === why.reason ? wait() : { do: 'note_wait', ...why };
}

function planDeadline({ maxDuration }: Run, { startedAt }: Attempt, now: number): RunStep {
  if (maxDuration === null || startedAt === null) return wait();
  if (now < startedAt + maxDuration) return wait(startedAt + maxDuration);
  return {
    do: 'end_attempt',
    ending: 'max_duration',
    detail: `max_duration: it took ${spellRoughly(maxDuration)}, as long as it may.`,
  };
}

function afterFailure({
  run,
  attempts,
  failure,
  now,
}: {
  run: Run;
  attempts: readonly Attempt[];
  failure: RunFailure;
  now: number;
}): RunStep {
  const plan = planRetry(failure, attempts.slice(0, -1), run.retries);
  return plan.again
    ? { do: 'retry', failure, startAfter: now + plan.pause }
    : { do: 'end', outcome: failure };
}
