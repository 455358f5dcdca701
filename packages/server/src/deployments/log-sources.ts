import type { Kysely } from 'kysely';
import type { ApplicationId, DeploymentId } from '../lib/ids.ts';
import type { Source } from '../logs/log.ts';
import type { DataPaths } from '../paths.ts';
import type { Schema } from '../store/schema.ts';
import { listInstances } from '../workloads/list-instances.ts';
import { requestedRuns } from '../runs/find-run.ts';
import { listDeployments } from './list-deployments.ts';

/** How many of an application's newest deployments its log holds where none is named. */
const NEWEST = 10;

/** Where the lines of a deployment come from, or of the application's newest ones. */
export const logSources =
  (
    { db, paths }: { db: Kysely<Schema>; paths: DataPaths },
    applicationId: ApplicationId,
    deploymentId?: DeploymentId,
  ) =>
  async (): Promise<Source[]> => {
    const recent = await listDeployments(db, applicationId, NEWEST);
    const deployments = deploymentId === undefined ? recent.map(({ id }) => id) : [deploymentId];
    const beside = await requestedRuns(db, applicationId);
    const instances = await listInstances(db, applicationId, { endedAfter: 0 });
    return [
      ...deployments.map((id) => ({
        id,
        directory: paths.logs(applicationId, id),
        instanceId: undefined,
        deploymentId: id,
      })),
      ...instances
        .filter(
          ({ deploymentId: id, runId }) =>
            deployments.includes(id) && (runId === null || !beside.has(runId)),
        )
        .map((instance) => ({
          id: instance.id,
          directory: paths.logs(applicationId, instance.id),
          instanceId: instance.id,
          deploymentId: instance.deploymentId,
          over: instance.status === 'exited',
        })),
    ];
  };
