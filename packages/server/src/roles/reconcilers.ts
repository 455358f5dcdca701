import { applicationReconciler } from '../deployments/application-reconciler.ts';
import type { EngineChoice } from '../workloads/choose-engine.ts';
import { deploymentReconciler } from '../deployments/deployment-reconciler.ts';
import type { DeploymentDeps } from '../deployments/look.ts';
import { repositoryReconciler } from '../git/repository-reconciler.ts';
import type { Head } from '../git/repository.ts';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { Kind, Reconciler } from '../reconcile/reconciler.ts';
import type { RouterHandle } from '../routing/keep-router.ts';
import { routeReconciler } from '../routing/route-reconciler.ts';
import { runReconciler } from '../runs/run-reconciler.ts';
import { devicesReconciler } from '../devices/devices-reconciler.ts';
import type { Inventory } from '../devices/inventory.ts';
import type { Observer } from '../workloads/observe-instance.ts';
import { queueReconciler } from '../workloads/queue-reconciler.ts';
import { workloadReconciler } from '../workloads/workload-reconciler.ts';
import type { WorkloadDeps } from '../workloads/workload-reconciler.ts';
import { completeFlavors } from '../scheduling/complete-flavors.ts';
import { tellFault } from '../workloads/tell-fault.ts';
import { deleteBelongings } from '../store/belongings.ts';
import { belongings } from './belongings.ts';

/** What reconcilers decide by, and all that they reach outside the database. */
export type Surroundings = Pick<
  DeploymentDeps,
  'database' | 'clock' | 'log' | 'pool' | 'builder' | 'environments' | 'say'
> & {
  inventory: Inventory;
  observer: Observer & Pick<WorkloadDeps, 'subjects' | 'say'>;
  engineChoice: EngineChoice;
  router: Pick<RouterHandle, 'version' | 'put' | 'inFlight'>;
  platformHosts: readonly string[];
  heads(id: ApplicationId): Promise<readonly Head[]>;
  eraseFiles(application: { id: ApplicationId; ownerId: OwnerId }): Promise<void>;
  cleanup: Reconciler;
};

/** Who looks at what. */
export function createReconcilers(surroundings: Surroundings): Record<Kind, Reconciler> {
  const { router, observer, engineChoice } = surroundings;
  const { subjects } = observer;
  const deps = { ...surroundings, subjects, engines: engineChoice };
  return {
    repository: repositoryReconciler(surroundings),
    deployment: deploymentReconciler(deps),
    run: runReconciler(deps),
    queue: queueReconciler(deps),
    devices: devicesReconciler({
      ...surroundings,
      onFault: tellFault(subjects),
      completeFlavors: (tx, at) => completeFlavors(tx, surroundings.pool, at),
    }),
    workload: workloadReconciler({ ...observer, inFlight: router.inFlight }),
    application: applicationReconciler({
      ...surroundings,
      eraseRows: (tx, id) => deleteBelongings(tx, belongings, { parent: 'application', id }),
    }),
    routes: routeReconciler(surroundings),
    cleanup: surroundings.cleanup,
  };
}
