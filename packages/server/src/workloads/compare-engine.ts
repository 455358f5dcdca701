import type { EngineName, Observation } from './engine.ts';
import { MINUTE, SECOND } from '../lib/duration.ts';
import type { InstanceId, WorkloadId } from '../lib/ids.ts';
import { Unavailable } from '../lib/unavailable.ts';
import { askForLook } from '../reconcile/looks.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { Tx } from '../store/database.ts';
import { closeLostUsage, heartbeatUsage } from './account-instance.ts';
import { noteExited } from './change-instance.ts';
import { selectUnended } from './instance-store.ts';
import { afterExit, recordObservation } from './observe-instance.ts';
import type { Observer } from './observe-instance.ts';
import type { TellSubjects } from './subject.ts';
import type { Instance } from './workload.ts';
import { findWorkload } from './workload-store.ts';

/** How often rows are compared with what runs; changes are seen at once without it. */
const EVERY = 10 * SECOND;
/** How long an instance that the engine does not know may be about to be started. */
const START_WITHIN = MINUTE;

/**
 * Compares every row of an engine's with everything that it has: what happened while nobody watched is
 * recorded, what runs for nobody is ended, and what is gone without a trace is over. Of an engine that is
 * away nothing is known, and nothing is concluded.
 */
export const compareEngine =
  (deps: Observer, name: EngineName): Reconciler =>
  async (_claim, signal) => {
    const { database, engines, clock, health, subjects } = deps;
    const rows = await selectUnended(database.read, name);
    const found = await engines(name).list(signal).catch(unlessAway);
    if (found === undefined) return clock() + EVERY;
    const seen = new Map(found.map((one) => [one.instanceId, one]));
    const toWatch = await database.transaction(async (tx) => {
      const watched: InstanceId[] = [];
      for (const row of rows) {
        const observation = seen.get(row.id);
        if (observation === undefined) await noteMissing(tx, subjects, { ...row, at: clock() });
        else if (await noteSeen(tx, subjects, { row, observation, at: clock() }))
          watched.push(row.id);
      }
      return watched;
    });
    for (const id of toWatch) health.watch(id);
    await endStrangers(deps, { name, seen: [...seen.values()] }, signal);
    return clock() + EVERY;
  };

function unlessAway(error: unknown): undefined {
  if (!(error instanceof Unavailable)) throw error;
}

/** Records what is seen of a row; whether its health is to be watched. */
async function noteSeen(
  tx: Tx,
  subjects: TellSubjects,
  { row, observation, at }: { row: Instance; observation: Observation; at: number },
): Promise<boolean> {
  const started = await recordObservation(tx, subjects, { ...observation, at });
  if (observation.state.status === 'running')
    await heartbeatUsage(tx, row.id, observation.state.heartbeatAt);
  const waitsForHealth = row.status === 'starting';
  return started || (waitsForHealth && row.startedAt !== null);
}

/** A row that was started and that the engine does not know is over; one that was not is asked for. */
async function noteMissing(
  tx: Tx,
  subjects: TellSubjects,
  { at, ...row }: Instance & { at: number },
): Promise<void> {
  if (row.startedAt === null) {
    if (at - row.createdAt < START_WITHIN) return;
    await askForLook(tx, 'workload', row.workloadId, at);
    return;
  }
  const exit = {
    at,
    exitCode: undefined,
    signal: undefined,
    reason: 'supervisor_lost',
    step: '',
    detail: 'The instance was lost: nothing is left of it (did the machine restart?).',
  } as const;
  if (!(await noteExited(tx, row.id, exit))) return;
  await closeLostUsage(tx, row.id);
  await afterExit(tx, subjects, { ...row, at });
}

/** Ends what runs for a workload that is gone, that no row knows, or that another engine keeps. */
async function endStrangers(
  { database, engines }: Observer,
  { name, seen }: { name: EngineName; seen: readonly Observation[] },
  signal: AbortSignal,
): Promise<void> {
  for (const workloadId of new Set<WorkloadId>(seen.map((one) => one.workloadId))) {
    const workload = await findWorkload(database.read, workloadId);
    if (workload === undefined || workload.state === 'gone' || workload.engine !== name)
      await engines(name).remove(workloadId, 5, signal);
  }
}
