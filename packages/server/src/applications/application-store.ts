import type { Kysely } from 'kysely';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { Application } from './application.ts';
import type { Size } from './size.ts';

const select = (db: Kysely<Schema>) =>
  db
    .selectFrom('applications as a')
    .leftJoin('repositories as r', 'r.application_id', 'a.id')
    .select([
      'a.id',
      'a.owner_id as ownerId',
      'a.name',
      'a.description',
      'a.zone',
      'a.variant',
      'a.kind',
      'a.flavor',
      'a.build_flavor as buildFlavor',
      'a.nodes',
      'a.max_nodes as maxNodes',
      'a.max_flavor as maxFlavor',
      'a.zero_downtime as zeroDowntime',
      'a.sticky_sessions as stickySessions',
      'a.cancel_on_push as cancelOnPush',
      'a.force_https as forceHttps',
      'a.wanted',
      'a.created_at as createdAt',
      'r.seen_commit as headCommit',
    ])
    .where('a.deleted_at', 'is', null);

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
    .where('a.owner_id', '=', ownerId)
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
    .where('owner_id', '=', ownerId)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  return row.count;
};

export const selectApplicationIds = async (db: Kysely<Schema>): Promise<ApplicationId[]> =>
  (await db.selectFrom('applications').select('id').execute()).map(({ id }) => id);

/** Of every application that has a row, those that are being erased among them. */
export const selectOwned = (
  db: Kysely<Schema>,
): Promise<{ id: ApplicationId; ownerId: OwnerId }[]> =>
  db.selectFrom('applications').select(['id', 'owner_id as ownerId']).execute();

export async function insertApplication(
  tx: Tx,
  application: Omit<Application, 'headCommit'>,
): Promise<void> {
  await tx
    .insertInto('applications')
    .values({
      id: application.id,
      owner_id: application.ownerId,
      name: application.name,
      description: application.description,
      zone: application.zone,
      variant: application.variant,
      kind: application.kind,
      flavor: application.flavor,
      build_flavor: application.buildFlavor,
      nodes: application.nodes,
      max_nodes: application.maxNodes,
      max_flavor: application.maxFlavor,
      zero_downtime: application.zeroDowntime ? 1 : 0,
      sticky_sessions: application.stickySessions ? 1 : 0,
      cancel_on_push: application.cancelOnPush ? 1 : 0,
      force_https: application.forceHttps ? 1 : 0,
      wanted: application.wanted,
      created_at: application.createdAt,
      deleted_at: null,
    })
    .execute();
  await tx
    .insertInto('repositories')
    .values({
      application_id: application.id,
      seen_commit: null,
      seen_refs: '{}',
      seen_at: null,
      pusher_id: null,
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
      ...(change.buildFlavor !== undefined && { build_flavor: change.buildFlavor }),
      ...(change.nodes !== undefined && { nodes: change.nodes }),
      ...(change.maxNodes !== undefined && { max_nodes: change.maxNodes }),
      ...(change.maxFlavor !== undefined && { max_flavor: change.maxFlavor }),
      ...flag('zero_downtime', change.zeroDowntime),
      ...flag('sticky_sessions', change.stickySessions),
      ...flag('cancel_on_push', change.cancelOnPush),
      ...flag('force_https', change.forceHttps),
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
    .set({ deleted_at: at })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .execute();

/** In the order that their references ask for; what was used and what happened stays on record. */
const BELONGINGS = [
  'instances',
  'leases',
  'workloads',
  'runs',
  'deployments',
  'artifacts',
  'environment_values',
  'exposed_values',
  'dependencies',
  'domains',
  'repositories',
] as const;

/** Deletes an application with everything that belongs to it. */
export async function deleteRows(tx: Tx, id: ApplicationId): Promise<void> {
  await tx
    .deleteFrom('attempts')
    .where('run_id', 'in', tx.selectFrom('runs').select('id').where('application_id', '=', id))
    .execute();
  await tx.deleteFrom('dependencies').where('dependency_id', '=', id).execute();
  for (const table of BELONGINGS)
    await tx.deleteFrom(table).where('application_id', '=', id).execute();
  await tx.deleteFrom('applications').where('id', '=', id).execute();
}
