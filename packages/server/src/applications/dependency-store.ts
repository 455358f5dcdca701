import type { ApplicationId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';

/** False where it depends on that already. */
export async function insertDependency(
  tx: Tx,
  { id, dependencyId, at }: { id: ApplicationId; dependencyId: ApplicationId; at: number },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('dependencies')
    .values({ applicationId: id, dependencyId, createdAt: at })
    .onConflict((conflict) => conflict.columns(['applicationId', 'dependencyId']).doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** False where it did not depend on that. */
export async function deleteDependency(
  tx: Tx,
  id: ApplicationId,
  dependencyId: ApplicationId,
): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('dependencies')
    .where('applicationId', '=', id)
    .where('dependencyId', '=', dependencyId)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** What the application depends on, the one linked first at first. */
export const listDependencies = async (db: Reader, id: ApplicationId): Promise<ApplicationId[]> => {
  const rows = await db
    .selectFrom('dependencies')
    .innerJoin('applications', 'applications.id', 'dependencies.dependencyId')
    .select('dependencyId as id')
    .where('applicationId', '=', id)
    .where('deletedAt', 'is', null)
    .orderBy('dependencies.createdAt')
    .orderBy('dependencyId')
    .execute();
  return rows.map((row) => row.id);
};

/** Who depends on the application. */
export const listDependents = async (db: Reader, id: ApplicationId): Promise<ApplicationId[]> => {
  const rows = await db
    .selectFrom('dependencies')
    .select('applicationId as id')
    .where('dependencyId', '=', id)
    .orderBy('applicationId')
    .execute();
  return rows.map((row) => row.id);
};
