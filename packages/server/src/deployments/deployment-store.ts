import { sql } from 'kysely';
import { newId } from '../lib/ids.ts';
import type { ApplicationId, DeploymentId, OwnerId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import type { NewRow } from '../store/schema.ts';
import { activeStatuses, pendingStatuses } from './deployment.ts';
import type { Deployment } from './deployment.ts';

/** What is said of a deployment that is made; what became of it comes later. */
export type NewDeployment = NewRow<
  'deployments',
  | 'id'
  | 'number'
  | 'wanted'
  | 'reason'
  | 'detail'
  | 'environment'
  | 'artifactId'
  | 'createdAt'
  | 'startedAt'
  | 'builtAt'
  | 'finishedAt'
> & { status: 'queued' | 'completed'; at: number };

/** Inserts the next deployment of the application; its number is the highest so far and one. */
export async function insertDeployment(
  tx: Tx,
  { at, ...made }: NewDeployment,
): Promise<DeploymentId> {
  const id = newId('deployment');
  await tx
    .insertInto('deployments')
    .values(({ selectFrom, fn, val }) => ({
      ...made,
      id,
      number: selectFrom('deployments')
        .where('applicationId', '=', made.applicationId)
        .select(({ eb }) => eb(fn.coalesce(fn.max('number'), val(0)), '+', 1).as('next')),
      wanted: 'proceed',
      createdAt: at,
      finishedAt: made.status === 'completed' ? at : null,
    }))
    .execute();
  return id;
}

export async function findDeploymentById(
  db: Reader,
  id: DeploymentId,
): Promise<Deployment | undefined> {
  const row = await db
    .selectFrom('deployments')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return row;
}

/** The newest first. */
export async function selectDeployments(
  db: Reader,
  applicationId: ApplicationId,
  limit: number,
): Promise<Deployment[]> {
  const rows = await db
    .selectFrom('deployments')
    .selectAll()
    .where('applicationId', '=', applicationId)
    .orderBy('number', 'desc')
    .limit(limit)
    .execute();
  return rows;
}

/** The newest first. */
export async function selectNewestIds(
  db: Reader,
  applicationId: ApplicationId,
  limit: number,
): Promise<DeploymentId[]> {
  const rows = await db
    .selectFrom('deployments')
    .select('id')
    .where('applicationId', '=', applicationId)
    .orderBy('number', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

/** What came of it until now. */
export const selectOutcome = (
  db: Reader,
  id: DeploymentId,
): Promise<Pick<Deployment, 'status' | 'finishedAt'> | undefined> =>
  db
    .selectFrom('deployments')
    .select(['status', 'finishedAt'])
    .where('id', '=', id)
    .executeTakeFirst();

export async function selectDeploymentByNumber(
  db: Reader,
  applicationId: ApplicationId,
  number: number,
): Promise<Deployment | undefined> {
  const row = await db
    .selectFrom('deployments')
    .selectAll()
    .where('applicationId', '=', applicationId)
    .where('number', '=', number)
    .executeTakeFirst();
  return row;
}

/** Those that are queued or under way, the oldest first. */
export async function selectPending(
  db: Reader,
  applicationId: ApplicationId,
): Promise<Deployment[]> {
  const rows = await db
    .selectFrom('deployments')
    .selectAll()
    .where('applicationId', '=', applicationId)
    .where('status', 'in', pendingStatuses)
    .orderBy('number')
    .execute();
  return rows;
}

/** How many of the owner's deployments have not begun. */
export const countQueued = async (db: Reader, ownerId: OwnerId): Promise<number> => {
  const row = await db
    .selectFrom('deployments')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('ownerId', '=', ownerId)
    .where('status', '=', sql.lit('queued'))
    .executeTakeFirstOrThrow();
  return row.count;
};

/** The deployment that serves, or undefined. */
export async function selectLive(
  db: Reader,
  applicationId: ApplicationId,
): Promise<Deployment | undefined> {
  const row = await db
    .selectFrom('deployments')
    .selectAll()
    .where('applicationId', '=', applicationId)
    .where('status', '=', 'live')
    .orderBy('number', 'desc')
    .executeTakeFirst();
  return row;
}

/** The newest deployment whose artifact was built, of a commit or of any; or undefined. */
export async function findBuilt(
  db: Reader,
  applicationId: ApplicationId,
  commitId: string | undefined,
): Promise<Deployment | undefined> {
  const built = db
    .selectFrom('deployments')
    .selectAll()
    .where('applicationId', '=', applicationId)
    .where('artifactId', 'is not', null)
    .orderBy('number', 'desc');
  const row = await (
    commitId === undefined ? built : built.where('commitId', '=', commitId)
  ).executeTakeFirst();
  return row;
}

/** The last commit that was brought live or run, or undefined. */
export async function selectLastDeployedCommit(
  db: Reader,
  applicationId: ApplicationId,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('deployments')
    .select('commitId')
    .where('applicationId', '=', applicationId)
    .where('action', '=', 'DEPLOY')
    .where('status', 'in', ['live', 'completed', 'superseded', 'running'])
    .orderBy('number', 'desc')
    .executeTakeFirst();
  return row?.commitId;
}

/** The deployment of the application that must end, or be live, before this one begins. */
export const findPredecessor = (
  db: Reader,
  deployment: Deployment,
): Promise<{ number: number } | undefined> =>
  db
    .selectFrom('deployments')
    .select('number')
    .where('applicationId', '=', deployment.applicationId)
    .where('id', '!=', deployment.id)
    .where(({ eb, or, and }) =>
      or([
        eb('status', 'in', activeStatuses),
        and([eb('status', '=', 'queued'), eb('number', '<', deployment.number)]),
      ]),
    )
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();

/** Asks a deployment that is not over to end. */
export const wantCancelled = (tx: Tx, id: DeploymentId) =>
  tx
    .updateTable('deployments')
    .set({ wanted: 'cancel' })
    .where('id', '=', id)
    .where('status', 'in', pendingStatuses)
    .execute();

/**
 * Empties the variables of deployments that are over, run nothing any more, and have no run that may be made once
 * more, `limit` at most; how many.
 */
export async function clearVariables(
  tx: Tx,
  applicationId: ApplicationId,
  { keptSince, limit }: { keptSince: number; limit: number },
): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('deployments')
    .set({ environment: '' })
    .where('id', 'in', ({ selectFrom }) =>
      selectFrom('deployments as d')
        .select('d.id')
        .where('d.applicationId', '=', applicationId)
        .where('d.environment', '<>', sql.lit(''))
        // told so, the database looks at those that have variables, not at all that are over
        .where('d.status', 'not in', [...pendingStatuses, 'live'])
        .where(({ not, exists, selectFrom: from }) =>
          not(
            exists(
              from('workloads as w')
                .select('w.id')
                .whereRef('w.subjectId', '=', 'd.id')
                .where('w.state', '<>', 'gone'),
            ),
          ),
        )
        .where(({ not, exists, selectFrom: from }) =>
          not(
            exists(
              from('runs as r')
                .innerJoin('workloads as w', 'w.subjectId', 'r.id')
                .select('w.id')
                .whereRef('r.deploymentId', '=', 'd.id')
                .where('r.environment', 'is', null)
                .where('w.state', '<>', 'gone'),
            ),
          ),
        )
        .where(({ not, exists, selectFrom: from }) =>
          not(
            exists(
              from('runs as r')
                .innerJoin('artifacts as a', 'a.id', 'r.artifactId')
                .select('r.id')
                .whereRef('r.deploymentId', '=', 'd.id')
                .where('r.environment', 'is', null)
                .where('r.createdAt', '>=', keptSince),
            ),
          ),
        )
        .limit(limit),
    )
    .executeTakeFirst();
  return Number(numUpdatedRows);
}
