import type { Kysely } from 'kysely';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';

/** What deploying needs to know of an application. */
export type Deployable = {
  id: ApplicationId;
  ownerId: OwnerId;
  name: string;
  variant: string;
  kind: 'runner' | 'webapp';
  flavor: string;
  buildFlavor: string | null;
  nodes: number;
  zeroDowntime: boolean;
  cancelOnPush: boolean;
  sandbox: 'strict' | 'nested';
  wanted: 'up' | 'down';
  deletedAt: number | null;
  headCommit: string | null;
};

/** The application, or undefined where it is not there or being deleted. */
export async function findDeployable(
  db: Kysely<Schema>,
  id: ApplicationId,
): Promise<Deployable | undefined> {
  const application = await findDeploying(db, id);
  return application?.deletedAt === null ? application : undefined;
}

/** The application, also while it is being deleted. */
export async function findDeploying(
  db: Kysely<Schema>,
  id: ApplicationId,
): Promise<Deployable | undefined> {
  const row = await db
    .selectFrom('applications as a')
    .leftJoin('repositories as r', 'r.applicationId', 'a.id')
    .select([
      'a.id',
      'a.ownerId',
      'a.name',
      'a.variant',
      'a.kind',
      'a.flavor',
      'a.buildFlavor',
      'a.nodes',
      'a.zeroDowntime',
      'a.cancelOnPush',
      'a.sandbox',
      'a.wanted',
      'a.deletedAt',
      'r.seenCommit as headCommit',
    ])
    .where('a.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return row;
}

/** What the user wants of the application from now on. */
export const setWanted = (tx: Tx, id: ApplicationId, wanted: 'up' | 'down') =>
  tx.updateTable('applications').set({ wanted }).where('id', '=', id).execute();
