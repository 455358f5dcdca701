import type { ApplicationId, DeploymentId, InstanceId, WorkloadId } from '../lib/ids.ts';
import type { Reader } from '../store/database.ts';
import type { DeploymentStatus } from '../store/schema.ts';

export type RoutableApplication = {
  applicationId: ApplicationId;
  wanted: 'up' | 'down';
  forceHttps: boolean;
  stickySessions: boolean;
  host: string;
  pathPrefix: string;
};

/** The domains of every Webapp, with what routing needs of the application. */
export const selectRoutable = (db: Reader): Promise<RoutableApplication[]> =>
  db
    .selectFrom('applications as a')
    .innerJoin('domains as d', 'd.applicationId', 'a.id')
    .select([
      'a.id as applicationId',
      'a.wanted',
      'a.forceHttps',
      'a.stickySessions',
      'd.host',
      'd.pathPrefix',
    ])
    .where('a.kind', '=', 'webapp')
    .where('a.deletedAt', 'is', null)
    .orderBy('a.id')
    .execute();

export type ServingInstance = {
  applicationId: ApplicationId;
  instanceId: InstanceId;
  host: string;
  port: number;
};

/** The healthy instances of deployments that are live. */
export const selectServing = (db: Reader): Promise<ServingInstance[]> =>
  db
    .selectFrom('instances as i')
    .innerJoin('deployments as d', 'd.id', 'i.subjectId')
    .select([
      'i.applicationId',
      'i.id as instanceId',
      'i.endpointHost as host',
      'i.endpointPort as port',
    ])
    .where('i.subjectKind', '=', 'deployment')
    .where('d.status', '=', 'live')
    .where('i.status', '=', 'healthy')
    .where('i.endpointHost', 'is not', null)
    .orderBy('i.number')
    .$narrowType<{ applicationId: ApplicationId; host: string; port: number }>()
    .execute();

/** The newest deployment's status of each application that has any but those being replaced. */
export const selectStanding = (
  db: Reader,
): Promise<{ applicationId: ApplicationId; id: DeploymentId; status: DeploymentStatus }[]> =>
  db
    .selectFrom('deployments as d')
    .innerJoin('applications as a', 'a.id', 'd.applicationId')
    .select(['d.applicationId', 'd.id', 'd.status'])
    .where('a.kind', '=', 'webapp')
    .where('d.status', 'in', ['queued', 'building', 'starting', 'live'])
    .execute();

/** Webapp workloads that run for a deployment that is replaced, and are still sent to. */
export async function selectReplaced(db: Reader): Promise<WorkloadId[]> {
  const rows = await db
    .selectFrom('workloads as w')
    .innerJoin('deployments as d', 'd.id', 'w.subjectId')
    .select('w.id')
    .where('w.subjectKind', '=', 'deployment')
    .where('w.state', '=', 'admitted')
    .where('w.drainingAt', 'is', null)
    .where('d.status', '=', 'superseded')
    .execute();
  return rows.map(({ id }) => id);
}
