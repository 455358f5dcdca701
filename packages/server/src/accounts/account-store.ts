import type { UserId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import type { NewRow, Row } from '../store/schema.ts';
import type { User } from './user.ts';

/** All but what proves who they are. */
const userColumns = [
  'users.id',
  'users.email',
  'users.name',
  'users.operator',
  'users.createdAt',
] as const;

export const insertUser = (tx: Tx, user: NewRow<'users'>) =>
  tx.insertInto('users').values(user).execute();

export const countUsers = async (db: Reader): Promise<number> => {
  const row = await db
    .selectFrom('users')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return row.count;
};

export const findPassword = (
  db: Reader,
  email: string,
): Promise<{ id: UserId; hash: string | null } | undefined> =>
  db
    .selectFrom('users')
    .select(['id', 'passwordHash as hash'])
    .where('email', '=', email)
    .executeTakeFirst();

/** Whether it is the user’s hash, and stays so until the transaction is over: it is written as it is. */
export async function isPasswordHash(
  tx: Tx,
  { id, hash }: { id: UserId; hash: string },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('users')
    .set({ passwordHash: hash })
    .where('id', '=', id)
    .where('passwordHash', '=', hash)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export const setPasswordHash = (tx: Tx, id: UserId, hash: string) =>
  tx.updateTable('users').set({ passwordHash: hash }).where('id', '=', id).execute();

export const setEmail = (tx: Tx, id: UserId, email: string) =>
  tx.updateTable('users').set({ email }).where('id', '=', id).execute();

/** What users are called, by id. */
export async function listNames(db: Reader, ids: readonly UserId[]): Promise<Map<UserId, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom('users').select(['id', 'name']).where('id', 'in', ids).execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** The account that a public key belongs to, or undefined. */
export const findKeyOwner = (db: Reader, key: string): Promise<User | undefined> =>
  db
    .selectFrom('sshKeys')
    .innerJoin('users', 'users.id', 'sshKeys.userId')
    .select(userColumns)
    .where('sshKeys.key', '=', key)
    .executeTakeFirst();

export const selectKeys = (db: Reader, userId: UserId): Promise<Row<'sshKeys'>[]> =>
  db.selectFrom('sshKeys').selectAll().where('userId', '=', userId).orderBy('name').execute();

export const insertKey = (tx: Tx, key: NewRow<'sshKeys'>) =>
  tx.insertInto('sshKeys').values(key).execute();

/** The key that went, or undefined. */
export const deleteKey = (
  tx: Tx,
  userId: UserId,
  name: string,
): Promise<{ fingerprint: string } | undefined> =>
  tx
    .deleteFrom('sshKeys')
    .where('userId', '=', userId)
    .where('name', '=', name)
    .returning('fingerprint')
    .executeTakeFirst();

export const insertClaimToken = (tx: Tx, hash: string, at: number) =>
  tx.insertInto('claimTokens').values({ hash, createdAt: at }).execute();

export const deleteUnusedClaims = (tx: Tx) =>
  tx.deleteFrom('claimTokens').where('usedAt', 'is', null).execute();

/** Whether it is a claim token that nobody has used. */
export const isClaimToken = async (db: Reader, hash: string): Promise<boolean> =>
  (await db
    .selectFrom('claimTokens')
    .select('hash')
    .where('hash', '=', hash)
    .where('usedAt', 'is', null)
    .executeTakeFirst()) !== undefined;

export const takeClaimToken = (tx: Tx, hash: string, at: number) =>
  tx.updateTable('claimTokens').set({ usedAt: at }).where('hash', '=', hash).execute();
