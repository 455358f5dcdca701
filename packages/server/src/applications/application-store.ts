import type { Kysely } from 'kysely';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { Application } from './application.ts';
import type { Size } from './size.ts';

const select = (db: Kysely<Schema>) =>
  db
    .selectFrom('applications as a')
    .leftJoin('repositories as r', 'r.applicationId', 'a.id')
    .select([
      'a.id',
      'a.ownerId',
      'a.name',
      'a.description',
      'a.zone',
      'a.variant',
      'a.kind',
      'a.flavor',
      'a.buildFlavor',
      'a.nodes',
      'a.maxNodes',
      'a.maxFlavor',
      'a.zeroDowntime',
      'a.stickySessions',
      'a.cancelOnPush',
      'a.forceHttps',
      'a.wanted',
      'a.createdAt',
      'r.seenCommit as headCommit',
    ])
    .where('a.deletedAt', 'is', null);

type Flags = 'zeroDowntime' | 'stickySessions' | 'cancelOnPush' | 'forceHttps';
type Row = Omit<Application, Flags> & Record<Flags, 0 | 1>;

const toApplication = (row: Row): Application => ({
  ...row,
  zeroDowntime: row.zeroDowntime === 1,
  stickySessions: row.stickySessions === 1,
  cancelOnPush: row.cancelOnPush === 1,
  forceHttps: row.forceHttps === 1,
});

export async function selectApplication(
  db: Kysely<Schema>,
  id: ApplicationId,
): Promise<Application | undefined> {
  const row = await select(db).where('a.id', '=', id).executeTakeFirst();
  return row && toApplication(row);
}

/** Those of one owner, by name. */
export async function selectApplications(
  db: Kysely<Schema>,
  ownerId: OwnerId,
): Promise<Application[]> {
  const rows = await select(db)
    .where('a.ownerId', '=', ownerId)
    .orderBy('a.name')
    .orderBy('a.id')
    .execute();
  return rows.map(toApplication);
}

/** How many applications the owner has; those that are being deleted are none. */
export const countApplications = async (db: Kysely<Schema>, ownerId: OwnerId): Promise<number> => {
  const row = await db
    .selectFrom('applications')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('ownerId', '=', ownerId)
    .where('deletedAt', 'is', null)
    .executeTakeFirstOrThrow();
  return row.count;
};

export const selectApplicationIds = async (db: Kysely<Schema>): Promise<ApplicationId[]> =>
  (await db.selectFrom('applications').select('id').execute()).map(({ id }) => id);

/** Of every application that has a row, those that are being erased among them. */
export const selectOwned = (
  db: Kysely<Schema>,
): Promise<{ id: ApplicationId; ownerId: OwnerId }[]> =>
  db.selectFrom('applications').select(['id', 'ownerId']).execute();

export async function insertApplication(
  tx: Tx,
  application: Omit<Application, 'headCommit'>,
): Promise<void> {
  await tx
    .insertInto('applications')
    .values({
      id: application.id,
      ownerId: application.ownerId,
      name: application.name,
      description: application.description,
      zone: application.zone,
      variant: application.variant,
      kind: application.kind,
      flavor: application.flavor,
      buildFlavor: application.buildFlavor,
      nodes: application.nodes,
      maxNodes: application.maxNodes,
      maxFlavor: application.maxFlavor,
      zeroDowntime: application.zeroDowntime ? 1 : 0,
      stickySessions: application.stickySessions ? 1 : 0,
      cancelOnPush: application.cancelOnPush ? 1 : 0,
      forceHttps: application.forceHttps ? 1 : 0,
      wanted: application.wanted,
      createdAt: application.createdAt,
      deletedAt: null,
    })
    .execute();
  await tx
    .insertInto('repositories')
    .values({
      applicationId: application.id,
      seenCommit: null,
      seenRefs: '{}',
      seenAt: null,
      pusherId: null,
    })
    .execute();
}

export type ApplicationChange = Partial<
  Pick<Application, 'name' | 'description' | 'kind' | 'buildFlavor' | keyof Size | Flags>
>;

export const updateApplicationRow = (tx: Tx, id: ApplicationId, change: ApplicationChange) =>
  tx
    .updateTable('applications')
    .set({
      ...(change.name !== undefined && { name: change.name }),
      ...(change.description !== undefined && { description: change.description }),
      ...(change.kind !== undefined && { kind: change.kind }),
      ...(change.flavor !== undefined && { flavor: change.flavor }),
      ...(change.buildFlavor !== undefined && { buildFlavor: change.buildFlavor }),
      ...(change.nodes !== undefined && { nodes: change.nodes }),
      ...(change.maxNodes !== undefined && { maxNodes: change.maxNodes }),
      ...(change.maxFlavor !== undefined && { maxFlavor: change.maxFlavor }),
      ...flag('zeroDowntime', change.zeroDowntime),
      ...flag('stickySessions', change.stickySessions),
      ...flag('cancelOnPush', change.cancelOnPush),
      ...flag('forceHttps', change.forceHttps),
    })
    .where('id', '=', id)
    .execute();

const flag = (column: string, value: boolean | undefined) =>
  value === undefined ? {} : { [column]: value ? 1 : 0 };

export const updateSandbox = (tx: Tx, id: ApplicationId, sandbox: 'strict' | 'nested') =>
  tx.updateTable('applications').set({ sandbox }).where('id', '=', id).execute();

export const setDeleted = (tx: Tx, id: ApplicationId, at: number) =>
  tx
    .updateTable('applications')
    .set({ deletedAt: at })
    .where('id', '=', id)
    .where('deletedAt', 'is', null)
    .execute();

/** In the order that their references ask for; what was used and what happened stays on record. */
const BELONGINGS = [
  'instances',
  'leases',
  'workloads',
  'runs',
  'deployments',
  'artifacts',
  'environmentValues',
  'exposedValues',
  'dependencies',
  'domains',
  'repositories',
] as const;

/** Deletes an application with everything that belongs to it. */
export async function deleteRows(tx: Tx, id: ApplicationId): Promise<void> {
  await tx
    .deleteFrom('attempts')
    .where('runId', 'in', tx.selectFrom('runs').select('id').where('applicationId', '=', id))
    .execute();
  await tx.deleteFrom('dependencies').where('dependencyId', '=', id).execute();
  for (const table of BELONGINGS)
    await tx.deleteFrom(table).where('applicationId', '=', id).execute();
  await tx.deleteFrom('applications').where('id', '=', id).execute();
}
