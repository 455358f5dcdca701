import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import type { NewRow } from '../store/schema.ts';
import type { Application } from './application.ts';
import type { Size } from './size.ts';

const selectEvery = (db: Reader) =>
  db
    .selectFrom('applications as a')
    .leftJoin('repositories as r', 'r.applicationId', 'a.id')
    .selectAll('a')
    .select('r.seenCommit as headCommit');

const select = (db: Reader) => selectEvery(db).where('a.deletedAt', 'is', null);

/** The application, or undefined where it is not there or being deleted. */
export const findApplication = (db: Reader, id: ApplicationId): Promise<Application | undefined> =>
  select(db).where('a.id', '=', id).executeTakeFirst();

/** The application, also while it is being deleted. */
export const findDeploying = (db: Reader, id: ApplicationId): Promise<Application | undefined> =>
  selectEvery(db).where('a.id', '=', id).executeTakeFirst();

/** Those of one owner, by name. */
export const listApplications = (db: Reader, ownerId: OwnerId): Promise<Application[]> =>
  select(db).where('a.ownerId', '=', ownerId).orderBy('a.name').orderBy('a.id').execute();

/** How many applications the owner has; those that are being deleted are none. */
export const countApplications = async (db: Reader, ownerId: OwnerId): Promise<number> => {
  const row = await db
    .selectFrom('applications')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('ownerId', '=', ownerId)
    .where('deletedAt', 'is', null)
    .executeTakeFirstOrThrow();
  return row.count;
};

/** How many have one of these sizes, be it for their builds, or where scaling would end. */
export const countSized = async (db: Reader, flavor: string): Promise<number> => {
  const row = await db
    .selectFrom('applications')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where(({ eb, or }) =>
      or([eb('flavor', '=', flavor), eb('maxFlavor', '=', flavor), eb('buildFlavor', '=', flavor)]),
    )
    .executeTakeFirstOrThrow();
  return Number(row.count);
};

export const listApplicationIds = async (db: Reader): Promise<ApplicationId[]> =>
  (await db.selectFrom('applications').select('id').execute()).map(({ id }) => id);

/** Of every application that has a row, those that are being erased among them. */
export const listOwned = (db: Reader): Promise<{ id: ApplicationId; ownerId: OwnerId }[]> =>
  db.selectFrom('applications').select(['id', 'ownerId']).execute();

export async function insertApplication(
  tx: Tx,
  application: NewRow<'applications'>,
): Promise<void> {
  await tx.insertInto('applications').values(application).execute();
  await tx
    .insertInto('repositories')
    .values({ applicationId: application.id, seenRefs: {} })
    .execute();
}

export type ApplicationChange = Partial<
  Pick<
    Application,
    | 'name'
    | 'description'
    | 'kind'
    | 'buildFlavor'
    | keyof Size
    | 'zeroDowntime'
    | 'stickySessions'
    | 'cancelOnPush'
    | 'forceHttps'
  >
>;

export const updateApplicationRow = (tx: Tx, id: ApplicationId, change: ApplicationChange) =>
  tx.updateTable('applications').set(change).where('id', '=', id).execute();

export const setWanted = (tx: Tx, id: ApplicationId, wanted: 'up' | 'down') =>
  tx.updateTable('applications').set({ wanted }).where('id', '=', id).execute();

export const updateSandbox = (tx: Tx, id: ApplicationId, sandbox: 'strict' | 'nested') =>
  tx.updateTable('applications').set({ sandbox }).where('id', '=', id).execute();

export const setDeleted = (tx: Tx, id: ApplicationId, at: number) =>
  tx
    .updateTable('applications')
    .set({ deletedAt: at })
    .where('id', '=', id)
    .where('deletedAt', 'is', null)
    .execute();
