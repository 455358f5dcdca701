import type { Kysely } from 'kysely';
import type { ApplicationId, DeploymentId, InstanceId, RunId } from '../lib/ids.ts';
import type { Schema } from '../store/schema.ts';

/** What a log needs to know of an instance. */
export type LoggedInstance = {
  id: InstanceId;
  deploymentId: DeploymentId;
  number: number;
  endedAt: number | null;
  /** Of the run whose node it is. */
  origin: 'deployment' | 'request' | null;
};

/** Those of deployments, of a run, or of an application that are not over or ended since a time: each by an index. */
export type LoggedOf =
  | { deploymentIds: readonly DeploymentId[] }
  | { runId: RunId }
  | { applicationId: ApplicationId; endedAfter: number | undefined };

/** In the order in which they were made. */
export const selectLogged = (db: Kysely<Schema>, of: LoggedOf): Promise<LoggedInstance[]> =>
  db
    .selectFrom('instances')
    .leftJoin('runs', 'runs.id', 'instances.runId')
    .select([
      'instances.id',
      'instances.deploymentId',
      'instances.number',
      'instances.endedAt',
      'runs.origin',
    ])
    .where(({ eb, and, or, selectFrom }) => {
      if ('deploymentIds' in of)
        return or(of.deploymentIds.map((id) => eb('instances.deploymentId', '=', id)));
      if ('runId' in of) {
        const attempts = selectFrom('attempts').select('workloadId').where('runId', '=', of.runId);
        return eb('instances.workloadId', 'in', attempts);
      }
      const { applicationId, endedAfter } = of;
      return and([
        eb('instances.applicationId', '=', applicationId),
        endedAfter === undefined
          ? eb('instances.endedAt', 'is', null)
          : eb('instances.endedAt', '>', endedAfter),
      ]);
    })
    .orderBy('instances.createdAt')
    .orderBy('instances.number')
    .execute();
