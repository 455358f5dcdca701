import type { ApplicationId, DeploymentId, InstanceId, RunId } from '../lib/ids.ts';
import type { Reader } from '../store/database.ts';

/** What a log needs to know of an instance. */
export type LoggedInstance = {
  id: InstanceId;
  /** Which it serves for or builds, or which built what its run is made from. */
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
export const listLogged = (db: Reader, of: LoggedOf): Promise<LoggedInstance[]> =>
  db
    .selectFrom('instances as i')
    .leftJoin('runs as r', 'r.id', 'i.subjectId')
    .select(['i.id', 'i.number', 'i.endedAt', 'r.origin'])
    .select(({ fn }) => fn.coalesce('r.deploymentId', 'i.subjectId').as('deploymentId'))
    .where(({ eb, and, or, selectFrom }) => {
      if ('runId' in of)
        return and([eb('i.subjectKind', '=', 'run'), eb('i.subjectId', '=', of.runId)]);
      if ('deploymentIds' in of) {
        const { deploymentIds: ids } = of;
        if (ids.length === 0) return or([]);
        const runs = selectFrom('runs').select('runs.id').where('runs.deploymentId', 'in', ids);
        return or([
          and([eb('i.subjectKind', 'in', ['build', 'deployment']), eb('i.subjectId', 'in', ids)]),
          and([eb('i.subjectKind', '=', 'run'), eb('i.subjectId', 'in', runs)]),
        ]);
      }
      const { applicationId, endedAfter } = of;
      return and([
        eb('i.applicationId', '=', applicationId),
        endedAfter === undefined ? eb('i.endedAt', 'is', null) : eb('i.endedAt', '>', endedAfter),
      ]);
    })
    .orderBy('i.createdAt')
    .orderBy('i.number')
    .$narrowType<{ deploymentId: DeploymentId }>()
    .execute();
