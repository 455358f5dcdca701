import type { Clock } from '../lib/clock.ts';
import { MINUTE } from '../lib/duration.ts';
import type { InstanceId } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import type { Database } from '../store/database.ts';
import type { Engines } from './engine.ts';
import { createHealthChecker } from './health-check.ts';
import type { HealthChecker } from './health-check.ts';
import type { SaidOf, Subjects } from './subject.ts';
import { findUnproved, recordHealthy, recordUnhealthy } from './watch-health.ts';
import type { Instance } from './workload.ts';

type Deps = {
  database: Database;
  engines: Engines;
  clock: Clock;
  log: Log;
  subjects: Subjects;
  /** Writes a line to the log of an instance's subject. */
  say(of: SaidOf, line: string): Promise<void>;
};

const COMMAND_WITHIN = 10 * MINUTE;

/** Proves the health of what serves, by the rule of its subject, and runs what follows from it. */
export function proveHealth(deps: Deps): HealthChecker {
  const { database, engines, clock, subjects } = deps;
  const say = async (id: InstanceId, line: string): Promise<void> => {
    const instance = await findUnproved(database, id);
    if (instance !== undefined) await deps.say(instance, line);
  };
  /** What a command answers is only logged. */
  const runAfterwards = async (instance: Instance, healthy: boolean): Promise<void> => {
    const { health } = subjects[instance.subjectKind];
    const within = AbortSignal.timeout(COMMAND_WITHIN);
    for (const argv of (await health?.afterwards(instance, healthy)) ?? [])
      await engines(instance.engine)
        .exec(instance.id, argv, within)
        .catch((error: unknown) => deps.log.warn({ err: error }, 'a hook could not be run'));
  };
  return createHealthChecker({
    clock,
    say,
    failed: (error) => deps.log.error({ err: error }, 'a health check failed'),
    async rule(id) {
      const instance = await findUnproved(database, id);
      if (instance === undefined || instance.startedAt === null) return undefined;
      const { startedAt } = instance;
      const rule = await subjects[instance.subjectKind].health?.rule({ ...instance, startedAt });
      return rule && { ...rule, engine: engines(instance.engine) };
    },
    isUnproved: async (id) => (await findUnproved(database, id)) !== undefined,
    async healthy(id, checks) {
      const instance = await findUnproved(database, id);
      if (instance === undefined) return;
      for (const { path, status } of checks) await say(id, `GET ${path} ${status}`);
      const at = clock();
      await database.transaction((tx) => recordHealthy(tx, subjects, { ...instance, at }));
      await runAfterwards(instance, true);
    },
    async unhealthy(id, detail) {
      const instance = await findUnproved(database, id);
      if (instance === undefined) return;
      await runAfterwards(instance, false);
      const judged = { ...instance, detail, at: clock() };
      await database.transaction((tx) => recordUnhealthy(tx, subjects, judged));
    },
  });
}
