import type { Environments } from '../applications/environments.ts';
import type { Clock } from '../lib/clock.ts';
import { SECOND } from '../lib/duration.ts';
import type { RunId } from '../lib/ids.ts';
import { holdClaim } from '../reconcile/looks.ts';
import type { Claim, Reconciler } from '../reconcile/reconciler.ts';
import { leasesOf } from '../devices/lease-store.ts';
import { listDevices } from '../devices/device-store.ts';
import type { Pool } from '../scheduling/pool.ts';
import { transition } from '../states/transition.ts';
import type { Database, Tx } from '../store/database.ts';
import { findWorkload } from '../workloads/workload-store.ts';
import { workloadInstances } from '../workloads/instance-store.ts';
import type { EngineChoice } from '../workloads/choose-engine.ts';
import { wantGone } from '../workloads/want-gone.ts';
import type { Workload } from '../workloads/workload.ts';
import { listAttempts } from './attempt-store.ts';
import { endAttempt, endRun } from './conclude-run.ts';
import { planRun } from './plan-run.ts';
import type { RunSituation, RunStep } from './plan-run.ts';
import { engineOfRun } from './run-engine.ts';
import { attemptMachine, isOver, runMachine } from './run.ts';
import type { Run } from './run.ts';
import { findRunById } from './run-store.ts';
import { queueAttempt } from './start-run.ts';
import type { WaitReason } from '../lib/reason.ts';

export type RunDeps = {
  database: Database;
  clock: Clock;
  pool: Pick<Pool, 'flavorDevices'>;
  engines: EngineChoice;
  environments: Pick<Environments, 'open'>;
  /** Writes a line to the log of the run, or of the deployment that made it. */
  say(subject: { id: string; applicationId: string }, line: string): Promise<void>;
};

/** Brings a run one step nearer to its end. */
export const runReconciler =
  (deps: RunDeps): Reconciler =>
  async (claim) => {
    const situation = await loadRun(deps, claim.id as RunId);
    if (situation === undefined) return undefined;
    const step = planRun(situation);
    if (step.do === 'nothing') return step.lookAt;
    await sayStep(deps, situation, step);
    await deps.database.transaction((tx) => take(tx, deps, { claim, situation, step }));
    return undefined;
  };

async function loadRun(deps: RunDeps, id: RunId): Promise<RunSituation | undefined> {
  const { database, clock } = deps;
  const db = database.read;
  const run = await findRunById(db, id);
  if (run === undefined || isOver(run.status)) return undefined;
  const attempts = await listAttempts(db, id);
  const workloadId = attempts.at(-1)?.workloadId;
  const workload = workloadId === undefined ? undefined : await findWorkload(db, workloadId);
  return {
    run,
    attempts,
    workload,
    instances: workload === undefined ? [] : await workloadInstances(db, workload.id),
    engine: await engineOfRun(deps, run, workload),
    fault: workload === undefined ? undefined : await findFault(database, workload),
    now: clock(),
  };
}

/** What is wrong with a device that the workload holds. */
async function findFault({ read }: Database, { id, gpus }: Workload): Promise<string | undefined> {
  if (gpus === 0) return undefined;
  const held = (await leasesOf(read, id)).filter(({ endedAt }) => endedAt === null);
  const uuids = new Set(held.map(({ deviceUuid }) => deviceUuid));
  const ill = (await listDevices(read)).find(
    ({ uuid, health }) => uuids.has(uuid) && health !== 'well',
  );
  return ill && `device_lost: ${ill.uuid} is not well any more: ${ill.detail ?? ill.health}`;
}

type Taking = { claim: Claim; situation: RunSituation; step: Exclude<RunStep, { do: 'nothing' }> };

async function take(tx: Tx, deps: RunDeps, { claim, situation, step }: Taking): Promise<void> {
  await holdClaim(tx, claim);
  await record(tx, deps, { situation, step, at: deps.clock() });
}

async function record(
  tx: Tx,
  { pool }: RunDeps,
  { situation, step, at }: Omit<Taking, 'claim'> & { at: number },
): Promise<void> {
  const { run, attempts, workload } = situation;
  switch (step.do) {
    case 'note_running':
      if (await transition(tx, runMachine, run, { event: 'started', at }))
        await transition(tx, attemptMachine, { runId: run.id }, { event: 'started', at });
      return;
    case 'note_wait':
      return noteWait(tx, run, { ...step, at });
    case 'end_attempt':
      await transition(tx, attemptMachine, { runId: run.id }, { event: 'ending', facts: step, at });
      return endWorkload(tx, workload, at);
    case 'retry':
      await endAttempt(tx, run, { outcome: step.failure, startAfter: step.startAfter, at });
      await transition(tx, runMachine, run, {
        event: 'retried',
        facts: { reason: 'pausing', detail: describeRetry(situation, step) },
        at,
      });
      return endWorkload(tx, workload, at);
    case 'queue_attempt':
      if (!(await transition(tx, runMachine, run, { event: 'resumed', at }))) return;
      return queueAttempt(tx, pool, run, {
        number: attempts.length + 1,
        engine: step.engine,
        at,
      });
    case 'end':
      await endRun(tx, run, step.outcome, at);
      return endWorkload(tx, workload, at);
    default:
      return step satisfies never;
  }
}

/** It waits, or does not any more. */
async function noteWait(
  tx: Tx,
  run: Run,
  { reason, detail, at }: { reason: WaitReason | null; detail: string | null; at: number },
): Promise<void> {
  if (reason === null) await transition(tx, runMachine, run, { event: 'resumed', at });
  else await transition(tx, runMachine, run, { event: 'delayed', facts: { reason, detail }, at });
}

const endWorkload = async (tx: Tx, workload: Workload | undefined, at: number): Promise<void> => {
  if (workload !== undefined) await wantGone(tx, { workloadId: workload.id }, at);
};

const describeRetry = (
  { attempts, now }: RunSituation,
  { failure, startAfter }: Extract<RunStep, { do: 'retry' }>,
): string =>
  `Attempt ${attempts.length} failed (${failure.detail}): attempt ${attempts.length + 1} is queued in ${Math.round((startAfter - now) / SECOND)} s.`;

/** What the run's log has to say of it. */
async function sayStep(
  { say }: RunDeps,
  situation: RunSituation,
  step: Taking['step'],
): Promise<void> {
  const { run } = situation;
  const id = run.origin === 'request' ? run.id : run.deploymentId;
  const subject = { id, applicationId: run.applicationId };
  if (step.do === 'retry') await say(subject, describeRetry(situation, step));
  if (step.do === 'end_attempt') await say(subject, `${step.detail} It is asked to end.`);
  if (run.origin !== 'request') return;
  if (step.do === 'note_wait' && step.detail !== null) await say(subject, step.detail);
  if (step.do === 'end') await say(subject, describeEnd(step.outcome));
}

function describeEnd(outcome: Extract<RunStep, { do: 'end' }>['outcome']): string {
  if (outcome.status === 'succeeded') return 'run succeeded';
  return outcome.status === 'cancelled' ? 'run cancelled' : `run failed: ${outcome.detail}`;
}
