import { holdClaim, askForLook } from '../reconcile/looks.ts';
import { endRun } from '../runs/conclude-run.ts';
import type { RunOutcome } from '../runs/run.ts';
import { transition } from '../states/transition.ts';
import type { Tx } from '../store/database.ts';
import type { SubjectRef } from '../workloads/subject.ts';
import { wantGone } from '../workloads/want-gone.ts';
import { deploymentMachine } from './deployment.ts';
import type { DeploymentDeps, Look } from './look.ts';
import { requestPending } from './queue-deployment.ts';
import { spell } from './start-deployment.ts';
import type { EndReason } from '../lib/reason.ts';

/** How a deployment ends short of serving. */
export type Ending =
  | { event: 'run_ended'; outcome: RunOutcome }
  | { event: 'failed'; reason: EndReason; detail: string }
  | { event: 'cancelled' };

/** Ends a deployment and everything it started; what served before goes on serving. */
export async function endDeployment(
  deps: DeploymentDeps,
  { claim, situation }: Look,
  ending: Ending,
): Promise<undefined> {
  const { deployment, run } = situation;
  const result = resultOf(ending);
  const took = deps.clock() - (deployment.startedAt ?? deployment.createdAt);
  await deps.say(deployment, sentenceOf(result, took));
  await deps.database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    const at = deps.clock();
    const { status, reason, detail } = result;
    const end = { event: status, facts: { reason, detail }, at } as const;
    if (!(await transition(tx, deploymentMachine, deployment, end))) return;
    if (run !== undefined && ending.event !== 'run_ended')
      await endRun(tx, run, outcomeOf(ending), at);
    for (const subject of subjectsOf(situation)) await wantGone(tx, subject, at);
    await afterEnd(tx, situation, at);
  });
  await deps.builder.discard(deployment.id);
}

/** What it started: its build, and what it serves with or its run. */
function subjectsOf({ deployment: { id }, run }: Look['situation']): SubjectRef[] {
  const own: SubjectRef[] = [
    { subjectKind: 'build', subjectId: id },
    { subjectKind: 'deployment', subjectId: id },
  ];
  return run === undefined ? own : [...own, { subjectKind: 'run', subjectId: run.id }];
}

type Result = {
  status: 'completed' | 'failed' | 'cancelled';
  reason: EndReason | null;
  detail: string | null;
};

function resultOf(ending: Ending): Result {
  if (ending.event === 'cancelled') return { status: 'cancelled', reason: null, detail: null };
  if (ending.event === 'failed')
    return { status: 'failed', reason: ending.reason, detail: ending.detail };
  const { outcome } = ending;
  if (outcome.status === 'failed')
    return { status: 'failed', reason: outcome.reason, detail: outcome.detail };
  const status = outcome.status === 'succeeded' ? 'completed' : 'cancelled';
  return { status, reason: null, detail: null };
}

const outcomeOf = (ending: Exclude<Ending, { event: 'run_ended' }>): RunOutcome =>
  ending.event === 'cancelled'
    ? { status: 'cancelled' }
    : { status: 'failed', reason: ending.reason, detail: ending.detail, exitCode: null };

function sentenceOf({ status, detail }: Result, took: number): string {
  if (status === 'cancelled') return `cancelled after ${spell(took)}`;
  if (status === 'completed') return `run succeeded in ${spell(took)}`;
  return `deploy failed in ${spell(took)}: ${detail ?? ''}`;
}

/** The application's next deployment may begin, or it may be erased; visitors are told where nothing serves. */
async function afterEnd(
  tx: Tx,
  { deployment, application }: Look['situation'],
  at: number,
): Promise<void> {
  await requestPending(tx, deployment.applicationId, at);
  await askForLook(tx, 'application', deployment.applicationId, at);
  if (application.kind === 'webapp') await askForLook(tx, 'routes', 'all', at);
}
