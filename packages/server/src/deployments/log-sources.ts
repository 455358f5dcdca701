import type { Kysely } from 'kysely';
import type { ApplicationId, DeploymentId } from '../lib/ids.ts';
import type { Source } from '../logs/log.ts';
import type { DataPaths } from '../paths.ts';
import type { Schema, SubjectId } from '../store/schema.ts';
import { listInstances } from '../workloads/list-instances.ts';
import { listRunsMadeBy } from '../runs/find-run.ts';
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
    const runs = await listRunsMadeBy(db, deployments);
    const ofRun = new Map<SubjectId, DeploymentId>(runs.map((run) => [run.id, run.deploymentId]));
    const instances = await listInstances(db, applicationId, { endedAfter: 0 });
    const own = instances.flatMap((instance) => {
      const { subjectKind, subjectId } = instance;
      const id = subjectKind === 'run' ? ofRun.get(subjectId) : (subjectId as DeploymentId);
      return id !== undefined && deployments.includes(id) ? [{ instance, id }] : [];
    });
    return [
      ...deployments.map((id) => ({
        id,
        directory: paths.logs(applicationId, id),
        instanceId: undefined,
        deploymentId: id,
      })),
      ...own.map(({ instance, id }) => ({
        id: instance.id,
        directory: paths.logs(applicationId, instance.id),
        instanceId: instance.id,
        deploymentId: id,
        over: instance.status === 'exited',
      })),
    ];
  };
