import type { Kysely } from 'kysely';
import type { Source } from '../logs/log.ts';
import type { DataPaths } from '../paths.ts';
import type { Schema } from '../store/schema.ts';
import { subjectInstances } from '../workloads/list-workloads.ts';
import type { Run } from './run.ts';

/** Where the lines of a run come from: what the platform says of it, and its nodes, of all attempts. */
export const runLogSources =
  (
    { db, paths }: { db: Kysely<Schema>; paths: DataPaths },
    { id, applicationId, deploymentId, origin }: Run,
    node?: number,
  ) =>
  async (): Promise<Source[]> => {
    const own = origin === 'request' ? id : deploymentId;
    const instances = await subjectInstances(db, { subjectKind: 'run', subjectId: id });
    const nodes = instances
      .filter(({ number }) => node === undefined || number === node)
      .map((one) => ({
        id: one.id,
        directory: paths.logs(applicationId, one.id),
        instanceId: one.id,
        deploymentId,
        over: one.status === 'exited',
      }));
    const platform = {
      id: own,
      directory: paths.logs(applicationId, own),
      instanceId: undefined,
      deploymentId,
    };
    return node === undefined ? [platform, ...nodes] : nodes;
  };
