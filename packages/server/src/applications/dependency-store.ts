import type { Kysely } from 'kysely';
import type { ApplicationId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';

/** Depending twice is fine. */
export const insertDependency = (
  tx: Tx,
  { id, dependencyId, at }: { id: ApplicationId; dependencyId: ApplicationId; at: number },
) =>
  tx
    .insertInto('dependencies')
    .values({ application_id: id, dependency_id: dependencyId, created_at: at })
    .onConflict((conflict) => conflict.columns(['application_id', 'dependency_id']).doNothing())
    .execute();

export const deleteDependency = (tx: Tx, id: ApplicationId, dependencyId: ApplicationId) =>
  tx
    .deleteFrom('dependencies')
    .where('application_id', '=', id)
    .where('dependency_id', '=', dependencyId)
    .execute();

/** What the application depends on, the one linked first at first. */
export const selectDependencies = async (
  db: Kysely<Schema>,
  id: ApplicationId,
): Promise<ApplicationId[]> => {
  const rows = await db
    .selectFrom('dependencies')
    .innerJoin('applications', 'applications.id', 'dependencies.dependency_id')
    .select('dependency_id as id')
    .where('application_id', '=', id)
    .where('deleted_at', 'is', null)
    .orderBy('dependencies.created_at')
    .orderBy('dependency_id')
    .execute();
  return rows.map((row) => row.id);
};

/** Who depends on the application. */
export const selectDependents = async (
  db: Kysely<Schema>,
  id: ApplicationId,
): Promise<ApplicationId[]> => {
  const rows = await db
    .selectFrom('dependencies')
    .select('application_id as id')
    .where('dependency_id', '=', id)
    .orderBy('application_id')
    .execute();
  return rows.map((row) => row.id);
};
