import { sql } from 'kysely';
import type { ApplicationId, DeploymentId, OwnerId, RunId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import type { RunStatus } from '../store/schema.ts';
import { runMachine } from './run.ts';
import type { NewRun, Run } from './run.ts';

export async function insertRun(tx: Tx, { at, ...made }: NewRun): Promise<RunId> {
  await tx
    .insertInto('runs')
    .values({ ...made, wanted: 'proceed', status: runMachine.begins.queued, createdAt: at })
    .execute();
  return made.id;
}

export const findRunById = (db: Reader, id: RunId): Promise<Run | undefined> =>
  db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst();

/** The run that a Runner's deployment made, or undefined. */
export const findRunOf = (db: Reader, deploymentId: DeploymentId): Promise<Run | undefined> =>
  db
    .selectFrom('runs')
    .selectAll()
    .where('deploymentId', '=', deploymentId)
    .where('origin', '=', 'deployment')
    .executeTakeFirst();

/** The newest first. */
export const listRuns = (
  db: Reader,
  of: { applicationId: ApplicationId } | { ownerId: OwnerId },
  { limit, statuses }: { limit: number; statuses?: readonly RunStatus[] | undefined },
): Promise<Run[]> =>
  db
    .selectFrom('runs')
    .selectAll()
    .where(({ eb, and }) =>
      and([
        'ownerId' in of
          ? eb('ownerId', '=', of.ownerId)
          : eb('applicationId', '=', of.applicationId),
        ...(statuses === undefined ? [] : [eb('status', 'in', statuses)]),
      ]),
    )
    .orderBy('createdAt', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute();

/** How many of the owner's runs wait. */
export const countWaitingRuns = async (db: Reader, ownerId: OwnerId): Promise<number> => {
  const row = await db
    .selectFrom('runs')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('ownerId', '=', ownerId)
    .where('status', '=', sql.lit('waiting'))
    .executeTakeFirstOrThrow();
  return row.count;
};

/** How many of one of these sizes are not over. */
export const countUnfinishedOf = async (db: Reader, flavor: string): Promise<number> => {
  const row = await db
    .selectFrom('runs')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('flavor', '=', flavor)
    .where('status', 'in', ['waiting', 'running'])
    .executeTakeFirstOrThrow();
  return Number(row.count);
};

/** Runs of the application that were asked for beside its deployments, and are not over. */
export const listRequested = (db: Reader, applicationId: ApplicationId): Promise<Run[]> =>
  db
    .selectFrom('runs')
    .selectAll()
    .where('applicationId', '=', applicationId)
    .where('origin', '=', 'request')
    .where('status', 'in', ['waiting', 'running'])
    .execute();

/** Asks the run to end; false where it is over. */
export async function wantRunCancelled(tx: Tx, id: RunId): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('runs')
    .set({ wanted: 'cancel' })
    .where('id', '=', id)
    .where('finishedAt', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** What came of it until now, and of its deployment. */
export const selectRunOutcome = (db: Reader, id: RunId) =>
  db
    .selectFrom('runs')
    .innerJoin('deployments', 'deployments.id', 'runs.deploymentId')
    .select(['runs.status', 'runs.finishedAt', 'deployments.finishedAt as deploymentFinishedAt'])
    .where('runs.id', '=', id)
    .executeTakeFirst();

/** So many of an application's runs can be made once more; of those before them the variables are forgotten. */
export const KEPT_RUNS = 100;

/** When the oldest of them came; undefined where there are fewer. */
export async function findOldestKept(
  db: Reader,
  applicationId: ApplicationId,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('runs')
    .select('createdAt as at')
    .where('applicationId', '=', applicationId)
    .orderBy('createdAt', 'desc')
    .limit(1)
    .offset(KEPT_RUNS - 1)
    .executeTakeFirst();
  return row?.at;
}

/** Empties the variables of runs that are over and cannot be made once more, `limit` at most; how many. */
export async function clearRunVariables(
  tx: Tx,
  applicationId: ApplicationId,
  { keptSince, limit }: { keptSince: number; limit: number },
): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('runs')
    .set({ environment: '' })
    .where('id', 'in', ({ selectFrom }) =>
      selectFrom('runs as r')
        .select('r.id')
        .where('r.applicationId', '=', applicationId)
        .where('r.environment', '<>', sql.lit(''))
        .where('r.finishedAt', 'is not', null)
        .where(({ or, eb, not, exists }) =>
          or([
            eb('r.createdAt', '<', keptSince),
            not(
              exists(
                eb
                  .selectFrom('artifacts')
                  .select('artifacts.id')
                  .whereRef('artifacts.id', '=', 'r.artifactId'),
              ),
            ),
          ]),
        )
        .limit(limit),
    )
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** The variables that the run was given, as they are kept: in its own row, or in its deployment's. */
export async function selectSealed(
  db: Reader,
  { id, environment, deploymentId }: Pick<Run, 'id' | 'environment' | 'deploymentId'>,
): Promise<{ id: RunId | DeploymentId; environment: string | null }> {
  if (environment !== null) return { id, environment };
  const deployment = await db
    .selectFrom('deployments')
    .select(['id', 'environment'])
    .where('id', '=', deploymentId)
    .executeTakeFirst();
  return deployment ?? { id, environment: null };
}

/** The deployments that built what these runs are made from. */
export async function selectDeploymentsOf(
  db: Reader,
  ids: readonly RunId[],
): Promise<ReadonlyMap<RunId, DeploymentId>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('runs')
    .select(['id', 'deploymentId'])
    .where('id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map(({ id, deploymentId }) => [id, deploymentId]));
}
