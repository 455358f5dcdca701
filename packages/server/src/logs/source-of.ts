import type { ApplicationId, DeploymentId, InstanceId } from '../lib/ids.ts';
import type { DataPaths } from '../paths.ts';
import type { Source } from './log.ts';
import { LAST_LINES_WITHIN } from './log-subject.ts';

type Place = { paths: DataPaths; applicationId: ApplicationId };
type Written = { id: InstanceId; deploymentId: DeploymentId; endedAt: number | null };

/** What an instance writes; it is over when its last lines are there too. */
export const sourceOfInstance = (
  { paths, applicationId }: Place,
  { id, deploymentId, endedAt }: Written,
  now: number,
): Source => ({
  id,
  directory: paths.logs(applicationId, id),
  instanceId: id,
  deploymentId,
  over: endedAt !== null && endedAt + LAST_LINES_WITHIN <= now,
});

/** What the platform says of a deployment, or of a run. */
export const sourceOfPlatform = (
  { paths, applicationId }: Place,
  { id, deploymentId }: { id: string; deploymentId: DeploymentId },
): Source => ({
  id,
  directory: paths.logs(applicationId, id),
  instanceId: undefined,
  deploymentId,
});
