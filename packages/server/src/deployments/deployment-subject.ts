import type { Environments } from '../applications/environments.ts';
import { describeArtifact } from '../builds/describe-artifact.ts';
import { findArtifact } from '../builds/artifact-store.ts';
import { ifNeverJudged, markJudged, runHooks } from '../builds/run-hooks.ts';
import { servedPort } from '../builds/served-port.ts';
import { grantedTo } from '../devices/devices.ts';
import type { DeploymentId } from '../lib/ids.ts';
import type { DataPaths } from '../paths.ts';
import { askForLook } from '../reconcile/looks.ts';
import type { Database } from '../store/database.ts';
import type { InstanceSpec } from '../workloads/engine.ts';
import { healthPaths, startTimeout } from '../workloads/health.ts';
import { commonSpec } from '../workloads/instance-spec.ts';
import type { Subject, SubjectHealth } from '../workloads/subject.ts';
import type { Instance } from '../workloads/workload.ts';
import { findWorkload } from '../workloads/workload-store.ts';
import { requireBuilt } from './build-subject.ts';
import type { Deployment } from './deployment.ts';
import { redeployServing } from './redeploy-serving.ts';

type Deps = { database: Database; paths: DataPaths; environments: Environments };

/** What a Webapp's deployment serves with. */
export const deploymentSubject = (deps: Deps): Subject => ({
  async describe(workload, instance) {
    const { deployment, application } = await requireBuilt(
      deps,
      instance.subjectId as DeploymentId,
    );
    const { artifact, variables, port } = await load(deps, deployment);
    const devices = await grantedTo(deps.database.read, workload.id, instance.number);
    const of = { workload, instance, devices, application };
    const spec = describeArtifact(deps.paths, { ...of, artifact, variables, deployment, port });
    return { ...commonSpec(deps.paths, of), ...spec, after: afterServing(spec) };
  },
  changed: (tx, id, at) => askForLook(tx, 'deployment', id, at),
  async faulted(tx, { applicationId }, at) {
    if (applicationId === null) return;
    await redeployServing(tx, applicationId, { authorId: null, at, cause: 'Monitoring' });
  },
  health: deploymentHealth(deps),
});

/** All that its instances are started with. */
async function load({ database, environments }: Deps, deployment: Deployment) {
  const artifact = await findArtifact(database.read, deployment.artifactId ?? '');
  if (artifact === undefined) throw new Error(`deployment ${deployment.id} has no artifact`);
  const variables = environments.open(deployment);
  return { artifact, variables, port: servedPort(artifact.start, variables) };
}

/**
 * Its success is not its end: whoever proves its health runs that hook, inside it. What runs beside a container
 * could not tell how far it came.
 */
function afterServing({ command, after }: Pick<InstanceSpec, 'command' | 'after'>) {
  const { failed } = after;
  return failed === undefined || 'image' in command ? {} : { failed: ifNeverJudged(failed) };
}

function deploymentHealth(deps: Deps): SubjectHealth {
  const loaded = async ({ subjectId }: Instance) =>
    load(deps, (await requireBuilt(deps, subjectId as DeploymentId)).deployment);
  return {
    async rule(instance) {
      const { variables, port } = await loaded(instance);
      const workload = await findWorkload(deps.database.read, instance.workloadId);
      const deadline = instance.startedAt + startTimeout(variables, workload?.gpus ?? 0);
      return { port, ...healthPaths(variables), deadline };
    },
    async afterwards(instance, healthy) {
      const { after } = runHooks((await loaded(instance)).variables);
      const hook = healthy ? after.succeeded : after.failed;
      return [after.failed && markJudged, hook?.argv].filter((argv) => argv !== undefined);
    },
  };
}
