import type { EngineName, Engines, Observation } from './engine.ts';
import type { Clock } from '../lib/clock.ts';
import type { InstanceId } from '../lib/ids.ts';
import { askForLook } from '../reconcile/looks.ts';
import type { Database, Tx } from '../store/database.ts';
import { closeUsage } from './account-instance.ts';
import type { HealthChecker } from './health-check.ts';
import { noteExited, noteHealthy, noteStarted } from './change-instance.ts';
import { findInstance } from './instance-store.ts';
import { rulesOf, tellSubject } from './subject.ts';
import type { TellSubjects } from './subject.ts';
import { sentenceOf } from './workload.ts';
import type { Instance } from './workload.ts';

export type Observer = {
  database: Database;
  engines: Engines;
  clock: Clock;
  health: Pick<HealthChecker, 'watch'>;
  subjects: TellSubjects;
};

/** Records what the engine sees of these instances; what it does not know is left as it is. */
export async function observeInstances(
  { database, engines, clock, health, subjects }: Observer,
  { engine, ids }: { engine: EngineName; ids: readonly InstanceId[] },
  signal: AbortSignal,
): Promise<void> {
  const found = await Promise.all(ids.map((id) => engines(engine).observe(id, signal)));
  const seen = found.filter((observation) => observation !== undefined);
  if (seen.length === 0) return;
  const started = await database.transaction(async (tx) => {
    const toWatch: InstanceId[] = [];
    for (const observation of seen)
      if (await recordObservation(tx, subjects, { ...observation, at: clock() }))
        toWatch.push(observation.instanceId);
    return toWatch;
  });
  for (const id of started) health.watch(id);
}

/** Records one observation and asks for what follows from it; whether its health is to be watched. */
export async function recordObservation(
  tx: Tx,
  subjects: TellSubjects,
  { instanceId, state, at }: Observation & { at: number },
): Promise<boolean> {
  const instance = await findInstance(tx, instanceId);
  if (instance === undefined || instance.status === 'exited') return false;
  if (state.status === 'running') {
    if (instance.startedAt !== null || !(await noteStarted(tx, instanceId, state))) return false;
    if (rulesOf(instance).serves) return true;
    await noteHealthy(tx, instanceId, state.startedAt);
    await tellSubject(subjects, tx, { ...instance, at });
    return false;
  }
  const { exit, startedAt } = state;
  if (await noteExited(tx, instanceId, { ...exit, detail: sentenceOf(exit), startedAt }))
    await afterExit(tx, subjects, { ...instance, at: exit.at });
  return false;
}

/** Closes what an instance's end closes, and asks for looks at what depends on it. */
export async function afterExit(
  tx: Tx,
  subjects: TellSubjects,
  instance: Instance & { at: number },
): Promise<void> {
  const { replaces, serves } = rulesOf(instance);
  await closeUsage(tx, instance.id, instance.at);
  await tellSubject(subjects, tx, instance);
  if (replaces) await askForLook(tx, 'workload', instance.workloadId, instance.at);
  if (serves) await askForLook(tx, 'routes', 'all', instance.at);
}
