import type { Environments } from '../applications/environments.ts';
import { findArtifact } from '../builds/find-artifact.ts';
import { markJudged, runHooks } from '../builds/run-hooks.ts';
import { servedPort } from '../builds/served-port.ts';
import type { Database } from '../store/database.ts';
import type { Serving } from '../workloads/prove-health.ts';
import type { Instance } from '../workloads/workload.ts';
import { findDeploymentById } from './find-deployment.ts';

/** How a Webapp's instance proves that it serves, as its deployment's variables and what was built say. */
export async function describeServing(
  { database, environments }: { database: Database; environments: Environments },
  { deploymentId }: Pick<Instance, 'deploymentId'>,
): Promise<Serving> {
  const deployment = await findDeploymentById(database.read, deploymentId);
  const variables = deployment === undefined ? {} : environments.open(deployment);
  const artifact = await findArtifact(database.read, deployment?.artifactId ?? '');
  const { succeeded, failed } = runHooks(variables).after;
  const mark = failed === undefined ? [] : [markJudged];
  return {
    port: servedPort(artifact?.start ?? {}, variables),
    variables,
    after: {
      succeeded: [...mark, ...(succeeded === undefined ? [] : [succeeded.argv])],
      failed: [...mark, ...(failed === undefined ? [] : [failed.argv])],
    },
  };
}
