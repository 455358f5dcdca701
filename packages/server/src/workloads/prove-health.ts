import type { Clock } from '../lib/clock.ts';
import { MINUTE } from '../lib/duration.ts';
import type { InstanceId } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import { findFlavor } from '../scheduling/flavor.ts';
import type { Database } from '../store/database.ts';
import type { Engines } from './engine.ts';
import { createHealthChecker } from './health-check.ts';
import type { HealthChecker } from './health-check.ts';
import { healthPaths, startTimeout } from './health.ts';
import { findUnproved, recordHealthy, recordUnhealthy } from './watch-health.ts';
import type { Instance } from './workload.ts';

/** What an instance has to prove, and what follows: whoever it serves describes it. */
export type Serving = {
  port: number;
  variables: Readonly<Record<string, string>>;
  /** Commands that are run in the instance, one after the other, once it is known to serve, or not to. */
  after: Readonly<Record<Judgement, readonly (readonly string[])[]>>;
};

type Judgement = 'succeeded' | 'failed';

type Deps = {
  database: Database;
  engines: Engines;
  clock: Clock;
  log: Log;
  describeServing(instance: Instance): Promise<Serving>;
  say(deployment: { id: string; applicationId: string }, line: string): Promise<void>;
};

const HOOK_WITHIN = 10 * MINUTE;

/** Proves the health of Webapps' instances, and runs the hooks that follow from it. */
export function proveHealth(deps: Deps): HealthChecker {
  const { database, engines, clock, describeServing } = deps;
  const say = async (id: InstanceId, line: string): Promise<void> => {
    const instance = await findUnproved(database, id);
    if (instance === undefined) return;
    const { deploymentId, applicationId } = instance;
    await deps.say({ id: deploymentId, applicationId }, line);
  };
  /** What a hook answers is only logged. */
  const runHooks = async (instance: Instance, judgement: Judgement): Promise<void> => {
    const { after } = await describeServing(instance);
    const within = AbortSignal.timeout(HOOK_WITHIN);
    for (const argv of after[judgement])
      await engines(instance.engine)
        .exec(instance.id, argv, within)
        .catch((error: unknown) => deps.log.warn({ err: error }, 'a run hook could not be run'));
  };
  return createHealthChecker({
    clock,
    say,
    failed: (error) => deps.log.error({ err: error }, 'a health check failed'),
    async rule(id) {
      const instance = await findUnproved(database, id);
      if (instance === undefined || instance.startedAt === null) return undefined;
      const { port, variables } = await describeServing(instance);
      const gpus = findFlavor(instance.flavor)?.gpus ?? 0;
      const deadline = instance.startedAt + startTimeout(variables, gpus);
      return { engine: engines(instance.engine), port, ...healthPaths(variables), deadline };
    },
    async healthy(id, checks) {
      const instance = await findUnproved(database, id);
      if (instance === undefined) return;
      for (const { path, status } of checks) await say(id, `GET ${path} ${status}`);
      await recordHealthy(database, instance, clock());
      await runHooks(instance, 'succeeded');
    },
    async unhealthy(id, detail) {
      const instance = await findUnproved(database, id);
      if (instance === undefined) return;
      await runHooks(instance, 'failed');
      await recordUnhealthy(database, instance, { detail, at: clock() });
    },
  });
}
