import { findArtifact } from '../builds/find-artifact.ts';
import { markJudged, runHooks } from '../builds/run-hooks.ts';
import { servedPort } from '../builds/served-port.ts';
import { findDeploymentById } from '../deployments/find-deployment.ts';
import type { Environments } from '../applications/environments.ts';
import type { Engines } from './engine.ts';
import type { Clock } from '../lib/clock.ts';
import { MINUTE } from '../lib/duration.ts';
import type { InstanceId } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import { findFlavor } from '../scheduling/flavor.ts';
import type { Database } from '../store/database.ts';
import { createHealthChecker } from './health-check.ts';
import type { HealthChecker } from './health-check.ts';
import { healthPaths, startTimeout } from './health.ts';
import { findUnproved, recordHealthy, recordUnhealthy } from './watch-health.ts';
import type { Instance } from './workload.ts';

type Deps = {
  database: Database;
  engines: Engines;
  clock: Clock;
  log: Log;
  environments: Environments;
  say(deployment: { id: string; applicationId: string }, line: string): Promise<void>;
};

const HOOK_WITHIN = 10 * MINUTE;

/** Proves the health of Webapps' instances, and runs the hooks that follow from it. */
export function watchHealth(deps: Deps): HealthChecker {
  const { database, engines, clock, environments } = deps;
  /** What the instance was started with. */
  const startOf = async ({ deploymentId }: Instance) => {
    const deployment = await findDeploymentById(database.read, deploymentId);
    const artifact = await findArtifact(database.read, deployment?.artifactId ?? '');
    const variables = deployment === undefined ? {} : environments.open(deployment);
    return { variables, port: servedPort(artifact?.start ?? {}, variables) };
  };
  const say = async (id: InstanceId, line: string): Promise<void> => {
    const instance = await findUnproved(database, id);
    if (instance === undefined) return;
    const { deploymentId, applicationId } = instance;
    await deps.say({ id: deploymentId, applicationId }, line);
  };
  /** What a hook answers is only logged. */
  const runHook = async (instance: Instance, which: 'succeeded' | 'failed'): Promise<void> => {
    const { variables } = await startOf(instance);
    const { after } = runHooks(variables);
    const within = AbortSignal.timeout(HOOK_WITHIN);
    const commands = [after.failed && markJudged, after[which]?.argv];
    for (const argv of commands.filter((one) => one !== undefined))
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
      const { variables, port } = await startOf(instance);
      const gpus = findFlavor(instance.flavor)?.gpus ?? 0;
      const deadline = instance.startedAt + startTimeout(variables, gpus);
      const engine = engines(instance.engine);
      return { engine, port, ...healthPaths(variables), deadline };
    },
    isUnproved: async (id) => (await findUnproved(database, id)) !== undefined,
    async healthy(id, checks) {
      const instance = await findUnproved(database, id);
      if (instance === undefined) return;
      for (const { path, status } of checks) await say(id, `GET ${path} ${status}`);
      await recordHealthy(database, instance, clock());
      await runHook(instance, 'succeeded');
    },
    async unhealthy(id, detail) {
      const instance = await findUnproved(database, id);
      if (instance === undefined) return;
      await runHook(instance, 'failed');
      await recordUnhealthy(database, instance, { detail, at: clock() });
    },
  });
}
