import { forgetExpired } from '../accounts/forget-expired.ts';
import { createBuilder } from '../builds/advance-build.ts';
import { findEnvironment, findMadeFrom } from '../builds/find-artifact.ts';
import type { Builder } from '../builds/build.ts';
import { openRecipes } from '../builds/recipes/recipes.ts';
import { applicationReconciler } from '../deployments/application-reconciler.ts';
import { endHolder } from '../deployments/end-holder.ts';
import { deploymentReconciler } from '../deployments/deployment-reconciler.ts';
import type { DeploymentDeps } from '../deployments/look.ts';
import { describeInstance } from '../deployments/describe-instance.ts';
import { forgetEvents } from '../events/forget-events.ts';
import { createCommitReader } from '../git/read-commit.ts';
import { checkout } from '../git/repository.ts';
import { repositoryReconciler } from '../git/repository-reconciler.ts';
import type { HttpContext } from '../http/context.ts';
import { steadyClock } from '../lib/clock.ts';
import { metricsKeeper } from '../metrics/sample.ts';
import type { Kind, Reconciler } from '../reconcile/reconciler.ts';
import { runReconciler } from '../runs/run-reconciler.ts';
import { devicesReconciler } from '../devices/devices-reconciler.ts';
import { routeReconciler } from '../routing/route-reconciler.ts';
import type { Observer } from '../workloads/observe-instance.ts';
import { compareEngine } from '../workloads/compare-engine.ts';
import { queueReconciler } from '../workloads/queue-reconciler.ts';
import { workloadReconciler } from '../workloads/workload-reconciler.ts';
import {
  buildSweeper,
  cacheKeeper,
  eraseFiles,
  imageSweeper,
  logKeeper,
} from './application-files.ts';
import { checkpointKeeper } from './checkpoint-keeper.ts';
import { certificateKeeper } from './certificate-keeper.ts';
import type { Foundation } from './foundation.ts';
import { numberKeeper } from './number-keeper.ts';

type Parts = {
  observer: Observer;
  environments: DeploymentDeps['environments'];
  say: DeploymentDeps['say'];
  context: HttpContext;
  signal: AbortSignal;
};

/** Who looks at what. */
export function createReconcilers(
  foundation: Foundation,
  { observer, environments, say, context, signal }: Parts,
): Partial<Record<Kind, Reconciler>> {
  const { database, clock, log, paths, pool, inventory, engines, router } = foundation;
  const builder = openBuilder(foundation, say, signal);
  const common = { database, clock, log, pool, inventory };
  const deps = { ...common, builder, environments, say, engines: engines.choice };
  return {
    repository: repositoryReconciler({ database, clock, paths }),
    deployment: deploymentReconciler(deps),
    run: runReconciler(deps),
    queue: queueReconciler(common),
    devices: devicesReconciler({ ...common, onFault: endHolder }),
    workload: workloadReconciler({
      ...observer,
      say,
      describe: describeInstance({
        database,
        paths,
        builder,
        environments,
      }),
      inFlight: router.inFlight,
    }),
    application: applicationReconciler({
      database,
      clock,
      eraseFiles: (application) => eraseFiles(foundation, application),
    }),
    routes: routeReconciler({ database, clock, platformHosts: context.platformHosts, router }),
    cleanup: cleanups(foundation, observer),
  };
}

/** The builder, once it is known what this machine has; asked for at the first build. */
function openBuilder(
  { config, paths, log, database, clock }: Foundation,
  say: Parts['say'],
  stopping: AbortSignal,
): Builder {
  let opened: Promise<Builder> | undefined;
  const open = async (): Promise<Builder> => {
    const recipes = await openRecipes({
      paths,
      environment: config.environment,
      log,
      signal: stopping,
      allowDockerSocket: config.allowDockerSocket,
      shareCredentials: config.shareMirrorCredentials,
    });
    return createBuilder({
      paths,
      recipes,
      checkout: (from, signal) => checkout(paths, from, signal),
      readCommit: createCommitReader(paths),
      findMadeFrom: (id, key) => findMadeFrom(database.read, id, key),
      findEnvironment: (key) => findEnvironment(database.read, key),
      clock,
      say: ({ deploymentId, applicationId }, line) =>
        say(
          {
            id: deploymentId,
            applicationId,
          },
          line,
        ),
    });
  };
  const builder = (): Promise<Builder> => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  void builder().catch((error: unknown) =>
    log.warn({ err: error }, 'the builder is not ready yet'),
  );
  return {
    advance: async (input, done, signal) => (await builder()).advance(input, done, signal),
    discard: async (id) => (await builder()).discard(id),
  };
}

/** What is compared and cleaned up from time to time. */
export const cleanupNames = [
  'engine',
  'docker',
  'logs',
  'builds',
  'caches',
  'images',
  'accounts',
  'events',
  'certificate',
  'checkpoints',
  'metrics',
  'numbers',
] as const;

function cleanups(foundation: Foundation, observer: Observer): Reconciler {
  const { engines, inventory } = foundation;
  const nothing: Reconciler = async () => undefined;
  const byName: Record<(typeof cleanupNames)[number], Reconciler> = {
    engine: compareEngine(observer, 'process'),
    docker: engines.docker === undefined ? nothing : compareEngine(observer, 'docker'),
    logs: logKeeper(foundation),
    builds: buildSweeper(foundation),
    caches: cacheKeeper(foundation),
    images: imageSweeper(foundation),
    accounts: forgetExpired(foundation),
    events: forgetEvents({ ...foundation, keptDays: foundation.config.eventsKeptDays }),
    certificate: certificateKeeper(foundation),
    checkpoints: checkpointKeeper(foundation),
    numbers: numberKeeper(foundation),
    metrics: metricsKeeper({
      ...foundation,
      steadyClock,
      meters: { process: engines.process, ...(engines.docker && { docker: engines.docker }) },
      devices: inventory.source,
    }),
  };
  const known: Partial<Record<string, Reconciler>> = byName;
  return async (claim, signal) => known[claim.id]?.(claim, signal);
}
