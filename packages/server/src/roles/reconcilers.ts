import { forgetExpired } from '../accounts/forget-expired.ts';
import type { Builder } from '../builds/build.ts';
import { applicationReconciler } from '../deployments/application-reconciler.ts';
import { endHolder } from '../workloads/end-holder.ts';
import { deploymentReconciler } from '../deployments/deployment-reconciler.ts';
import type { DeploymentDeps } from '../deployments/look.ts';
import { forgetEvents } from '../events/forget-events.ts';
import { repositoryReconciler } from '../git/repository-reconciler.ts';
import type { HttpContext } from '../http/build-app.ts';
import { steadyClock } from '../lib/clock.ts';
import { metricsKeeper } from '../metrics/sample.ts';
import type { Kind, Reconciler } from '../reconcile/reconciler.ts';
import { runReconciler } from '../runs/run-reconciler.ts';
import { devicesReconciler } from '../devices/devices-reconciler.ts';
import { routeReconciler } from '../routing/route-reconciler.ts';
import type { Observer } from '../workloads/observe-instance.ts';
import type { EngineName } from '../workloads/engine.ts';
import { compareEngine } from '../workloads/compare-engine.ts';
import { queueReconciler } from '../workloads/queue-reconciler.ts';
import { workloadReconciler } from '../workloads/workload-reconciler.ts';
import type { WorkloadDeps } from '../workloads/workload-reconciler.ts';
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
  observer: Observer & Pick<WorkloadDeps, 'subjects' | 'say'>;
  environments: DeploymentDeps['environments'];
  say: DeploymentDeps['say'];
  builder: Builder;
  context: HttpContext;
};

/** Who looks at what. */
export function createReconcilers(
  foundation: Foundation,
  { observer, builder, environments, say, context }: Parts,
): Partial<Record<Kind, Reconciler>> {
  const { database, clock, log, paths, pool, inventory, engines, router } = foundation;
  const common = { database, clock, log, pool, inventory };
  const deps = { ...common, builder, environments, say, engines: engines.choice };
  return {
    repository: repositoryReconciler({ database, clock, paths }),
    deployment: deploymentReconciler(deps),
    run: runReconciler(deps),
    queue: queueReconciler({ ...common, subjects: observer.subjects }),
    devices: devicesReconciler({ ...common, onFault: endHolder(observer.subjects) }),
    workload: workloadReconciler({ ...observer, inFlight: router.inFlight }),
    application: applicationReconciler({
      database,
      clock,
      eraseFiles: (application) => eraseFiles(foundation, application),
    }),
    routes: routeReconciler({ database, clock, platformHosts: context.platformHosts, router }),
    cleanup: cleanups(foundation, observer),
  };
}

/** What is cleaned up from time to time. */
const cleanupNames = [
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

const comparisonOf = (engine: EngineName): string => `engine/${engine}`;

/** What is looked at from time to time on a platform with these engines. */
export const listCleanups = ({ all }: Pick<Foundation['engines'], 'all'>): string[] => [
  ...all.map(({ engine }) => comparisonOf(engine.name)),
  ...cleanupNames,
];

function cleanups(foundation: Foundation, observer: Observer): Reconciler {
  const { engines, inventory } = foundation;
  const byName: Record<(typeof cleanupNames)[number], Reconciler> = {
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
      meters: Object.fromEntries(engines.all.map(({ engine }) => [engine.name, engine])),
      devices: inventory.source,
    }),
  };
  const compared = engines.all.map(
    ({ engine: { name } }) => [comparisonOf(name), compareEngine(observer, name)] as const,
  );
  const known: Partial<Record<string, Reconciler>> = { ...byName, ...Object.fromEntries(compared) };
  return async (claim, signal) => known[claim.id]?.(claim, signal);
}
