import { findDeploying } from '../applications/application-store.ts';
import type { Application } from '../applications/application.ts';
import type { Environments } from '../applications/environments.ts';
import type { Builder } from '../builds/build.ts';
import { deviceVariables } from '../builds/platform-variables.ts';
import { grantedTo } from '../devices/devices.ts';
import type { DeploymentId } from '../lib/ids.ts';
import type { DataPaths } from '../paths.ts';
import { askForLook } from '../reconcile/looks.ts';
import type { Database } from '../store/database.ts';
import { commonSpec } from '../workloads/instance-spec.ts';
import type { Subject } from '../workloads/subject.ts';
import { buildInput } from './build-deployment.ts';
import type { Deployment } from './deployment.ts';
import { findDeploymentById } from './deployment-store.ts';

type Deps = { database: Database; paths: DataPaths; builder: Builder; environments: Environments };

/** At least: what a build installs lies there twice, in the cache, too. */
const DISK_MIB = 40 * 1024;

/** The build of a deployment: each of its steps is an instance. */
export const buildSubject = (deps: Deps): Subject => ({
  async describe(workload, instance) {
    const { deployment, application } = await requireBuilt(
      deps,
      instance.subjectId as DeploymentId,
    );
    const devices = await grantedTo(deps.database.read, workload.id, instance.number);
    const diskMiB = Math.max(DISK_MIB, workload.diskMiB);
    const input = buildInput({ deployment, application }, deps.environments.open(deployment));
    const {
      name: _,
      number,
      environment,
      ...step
    } = await deps.builder.describe(input, instance.number);
    return {
      ...commonSpec(deps.paths, { workload, instance, devices, application, diskMiB }),
      ...step,
      number,
      after: {},
      port: undefined,
      environment: {
        ...environment,
        INSTANCE_ID: instance.id,
        CC_INSTANCE_ID: instance.id,
        INSTANCE_NUMBER: '0',
        CG_MEMORY_MIB: String(workload.memoryMiB),
        CC_PRETTY_INSTANCE_NAME: instance.name,
        ...deviceVariables(devices),
      },
    };
  },
  changed: (tx, id, at) => askForLook(tx, 'deployment', id, at),
});

/** A deployment that has something to run, and its application. */
export async function requireBuilt(
  { database }: Pick<Deps, 'database'>,
  id: DeploymentId,
): Promise<{ deployment: Deployment; application: Application }> {
  const deployment = await findDeploymentById(database.read, id);
  const application = deployment && (await findDeploying(database.read, deployment.applicationId));
  if (deployment === undefined || application === undefined)
    throw new Error(`there is no deployment ${id}, or no application of it`);
  return { deployment, application };
}
