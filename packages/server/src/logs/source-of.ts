import type { ApplicationId, DeploymentId, InstanceId } from '../lib/ids.ts';
import type { DataPaths } from '../paths.ts';
import type { Source } from './log.ts';

type Written = { id: InstanceId; deploymentId: DeploymentId; endedAt: number | null };

/** What an instance writes. */
export const sourceOfInstance = (
  paths: DataPaths,
  applicationId: ApplicationId,
  { id, deploymentId, endedAt }: Written,
): Source => ({
  id,
  directory: paths.logs(applicationId, id),
  instanceId: id,
  deploymentId,
  over: endedAt !== null,
});

/** What the platform says of a deployment, or of a run. */
export const sourceOfPlatform = (
  paths: DataPaths,
  applicationId: ApplicationId,
  { id, deploymentId }: { id: string; deploymentId: DeploymentId },
): Source => ({
  id,
  directory: paths.logs(applicationId, id),
  instanceId: undefined,
  deploymentId,
});
