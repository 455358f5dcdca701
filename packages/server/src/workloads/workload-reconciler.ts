import type { Clock } from '../lib/clock.ts';
import { SECOND } from '../lib/duration.ts';
import type { InstanceId, WorkloadId } from '../lib/ids.ts';
import { spellTrouble } from '../lib/spell-trouble.ts';
import { Unavailable } from '../lib/unavailable.ts';
import { holdClaim, askForLook } from '../reconcile/looks.ts';
import type { Claim, Reconciler } from '../reconcile/reconciler.ts';
import { endLeases } from '../devices/devices.ts';
import { transition } from '../states/transition.ts';
import type { Database } from '../store/database.ts';
import { closeUsage } from './account-instance.ts';
import { planDrain } from './drain-workload.ts';
import { wantGone } from './want-gone.ts';
import { addInstances } from './add-instances.ts';
import { assignAddresses, isGang } from './assign-addresses.ts';
import { noteExited } from './change-instance.ts';
import { workloadInstances } from './instance-store.ts';
import { workloadMachine } from './machines.ts';
import { afterExit, observeInstances } from './observe-instance.ts';
import type { Observer } from './observe-instance.ts';
import { describeReplacements, planRollout } from './plan-rollout.ts';
import { rulesOf, tellSubject } from './subject.ts';
import type { SaidOf, Subjects } from './subject.ts';
import type { Instance, Workload } from './workload.ts';
import { findWorkload } from './workload-store.ts';

export type WorkloadDeps = Observer & {
  database: Database;
  clock: Clock;
  subjects: Subjects;
  /** Writes a line to the log of a workload's subject. */
  say(of: SaidOf, line: string): Promise<void>;
  /** Requests under way at these instances. */
  inFlight(ids: readonly InstanceId[], signal: AbortSignal): Promise<number>;
};

/** Keeps the engine at what a workload is to be: N instances, or nothing. */
export const workloadReconciler =
  (deps: WorkloadDeps): Reconciler =>
  async (claim, signal) => {
    const workload = await findWorkload(deps.database.read, claim.id as WorkloadId);
    if (workload === undefined || workload.state === 'gone') return undefined;
    const look = { claim, workload, signal };
    try {
      return await keepWorkload(deps, look);
    } catch (error) {
      if (error instanceof Unavailable) return awaitEngine(deps, look, error);
      throw error;
    }
  };

async function keepWorkload(deps: WorkloadDeps, look: Look): Promise<number | undefined> {
  const { claim, workload, signal } = look;
  if (workload.wanted === 'gone') return removeWorkload(deps, look);
  if (workload.drainingAt !== null) return drain(deps, look);
  if (workload.state === 'waiting') return undefined;
  await replaceCrashed(deps, claim, workload);
  try {
    return await startInstances(deps, await withAddresses(deps, look), signal);
  } catch (error) {
    const passes = signal.aborted || error instanceof Unavailable;
    if (passes || claim.attempts < MOST_FAILURES) throw error;
    return giveUp(deps, look, error);
  }
}

/** Nodes of a gang know each other's addresses before any of them starts. */
async function withAddresses(
  { database, engines }: WorkloadDeps,
  { claim, workload, signal }: Look,
): Promise<Workload> {
  if (!isGang(workload) || workload.addresses !== null) return workload;
  const offered = await engines(workload.engine).nodeAddresses(workload.ownerId, signal);
  return assignAddresses(database, claim, { workload, offered });
}

/** Looks that fail in a row until what cannot be started is over: under two minutes with their pauses. */
const MOST_FAILURES = 10;

type Look = { claim: Claim; workload: Workload; signal: AbortSignal };

/** Lets go of a workload that was replaced, once its requests are over or their time is. */
async function drain(
  { database, clock, inFlight }: WorkloadDeps,
  { claim, workload, signal }: Look,
): Promise<number | undefined> {
  const instances = await workloadInstances(database.read, workload.id);
  const under = await inFlight(
    instances.map(({ id }) => id),
    signal,
  );
  const since = { drainingAt: workload.drainingAt ?? 0, gpus: workload.gpus };
  const plan = planDrain(since, { inFlight: under, now: clock() });
  if (!plan.done) return plan.lookAt;
  await database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    await wantGone(tx, { workloadId: workload.id }, clock());
  });
  return undefined;
}

/** Where nobody tells that an engine is back, it is tried again. */
const TRY_ENGINE_EVERY = 5 * SECOND;

/** The engine is away: whoever waits for it is told, and nothing else changes. */
async function awaitEngine(
  { database, clock, subjects }: WorkloadDeps,
  { claim, workload }: Look,
  { message }: Unavailable,
): Promise<number> {
  const detail = `Waits for its engine. ${message}`;
  await database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    if (workload.engineAway === detail) return;
    const at = clock();
    const lost = { event: 'engine_lost', facts: { engineAway: detail }, at } as const;
    if (await transition(tx, workloadMachine, { id: workload.id }, lost))
      await tellSubject(subjects, tx, { ...workload, at });
  });
  return clock() + TRY_ENGINE_EVERY;
}

/** The engine is there again: who waited for it need not any more. */
async function noteEngine(
  { database, clock, subjects }: WorkloadDeps,
  workload: Workload,
): Promise<void> {
  if (workload.engineAway === null) return;
  await database.transaction(async (tx) => {
    const back = { event: 'engine_back', at: clock() } as const;
    if (await transition(tx, workloadMachine, { id: workload.id }, back))
      await tellSubject(subjects, tx, { ...workload, at: back.at });
  });
}

/** What could not be started has failed to. */
async function giveUp(
  { database, clock, subjects }: WorkloadDeps,
  { claim, workload }: Look,
  error: unknown,
): Promise<undefined> {
  const detail = `start_failed: the platform could not start it (${spellTrouble(error)}).`;
  const exit = {
    exitCode: undefined,
    signal: undefined,
    step: '',
    reason: 'start_failed',
  } as const;
  await database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    const at = clock();
    for (const instance of await workloadInstances(tx, workload.id)) {
      if (instance.startedAt !== null || instance.status === 'exited') continue;
      if (await noteExited(tx, instance.id, { ...exit, at, detail }))
        await afterExit(tx, subjects, { ...instance, at });
    }
  });
}

/** Adds the instances that crashes took. */
async function replaceCrashed(
  { database, clock, say }: WorkloadDeps,
  claim: Claim,
  workload: Workload,
): Promise<void> {
  const instances = await workloadInstances(database.read, workload.id);
  const steps = planRollout(workload, instances, clock());
  for (const line of describeReplacements(steps, instances, clock())) await say(workload, line);
  if (steps.length === 0) return;
  await database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    await addInstances(tx, workload, clock());
  });
}

/** Has the engine start what is due; answers when the next pause after a crash is over. */
async function startInstances(
  deps: WorkloadDeps,
  workload: Workload,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { database, engines, clock } = deps;
  const instances = await workloadInstances(database.read, workload.id);
  const alive = instances.filter(({ status }) => status !== 'exited');
  const kept = alive.filter(({ wanted }) => wanted === 'running');
  const due = kept.filter(({ startAfter }) => (startAfter ?? 0) <= clock());
  if (kept.length < alive.length || due.some(({ startedAt }) => startedAt === null)) {
    const subject = deps.subjects[workload.subjectKind];
    const specs = await Promise.all(due.map((one) => subject.describe(workload, one)));
    const { id: workloadId, graceSeconds } = workload;
    await engines(workload.engine).ensure({ workloadId, graceSeconds, instances: specs }, signal);
    await noteEngine(deps, workload);
    await observeInstances(deps, { engine: workload.engine, ids: due.map(({ id }) => id) }, signal);
  }
  const pauses = kept.flatMap(({ startAfter }) => startAfter ?? []).filter((at) => at > clock());
  const asked = new Set(due.map(({ id }) => id));
  const seen = await workloadInstances(database.read, workload.id);
  const unseen = seen.some((one) => asked.has(one.id) && isUnseen(one));
  const next = [...pauses, ...(unseen ? [clock() + ASK_AGAIN_AFTER] : [])];
  return next.length === 0 ? undefined : Math.min(...next);
}

/** Whether it was asked for, and is not seen yet: some starts take long, and are asked for again. */
const isUnseen = ({ status, wanted, startedAt }: Instance): boolean =>
  status === 'starting' && wanted === 'running' && startedAt === null;

const ASK_AGAIN_AFTER = 10 * SECOND;

/** Ends what runs and gives the room back. */
async function removeWorkload(
  { database, engines, clock, subjects }: WorkloadDeps,
  { claim, workload, signal }: Look,
): Promise<undefined> {
  if (workload.state === 'admitted')
    await engines(workload.engine).remove(workload.id, workload.graceSeconds, signal);
  await database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    const at = clock();
    for (const instance of await workloadInstances(tx, workload.id)) {
      const stopped = { at, exitCode: undefined, signal: undefined, step: '', detail: undefined };
      if (await noteExited(tx, instance.id, { ...stopped, reason: 'stopped' }))
        await closeUsage(tx, instance.id, at);
    }
    await transition(tx, workloadMachine, { id: workload.id }, { event: 'gone', at });
    await endLeases(tx, workload.id, at);
    await tellSubject(subjects, tx, { ...workload, at });
    if (workload.applicationId !== null)
      await askForLook(tx, 'application', workload.applicationId, at);
    if (rulesOf(workload).serves) await askForLook(tx, 'routes', 'all', at);
  });
}
