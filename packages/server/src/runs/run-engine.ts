import { findVariant } from '../applications/application.ts';
import type { Environments } from '../applications/environments.ts';
import { findApplication } from '../applications/application-store.ts';
import type { Database } from '../store/database.ts';
import { chooseEngine } from '../workloads/choose-engine.ts';
import type { EngineChoice } from '../workloads/choose-engine.ts';
import type { Workload } from '../workloads/workload.ts';
import type { Run } from './run.ts';
import { openVariables } from './run-variables.ts';

export type RunEngine = ReturnType<typeof chooseEngine>;

type Deps = {
  database: Database;
  engines: EngineChoice;
  environments: Pick<Environments, 'open'>;
};

/** What the next attempt of a run is kept by: what kept the last one, or what its application is given now. */
export async function engineOfRun(
  deps: Deps,
  run: Pick<Run, 'id' | 'applicationId' | 'deploymentId' | 'environment'>,
  workload: Pick<Workload, 'engine'> | undefined,
): Promise<RunEngine> {
  if (workload !== undefined) return workload.engine;
  const application = await findApplication(deps.database.read, run.applicationId);
  return chooseEngine(deps.engines, {
    runtime: findVariant(application?.variant ?? '')?.runtime,
    environment: await openVariables(deps, run),
  });
}
