import type { Kysely } from 'kysely';
import type { UserId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { SshKey } from './ssh-key.ts';
import type { User } from './user.ts';

export const userColumns = [
  'users.id',
  'users.email',
  'users.name',
  'users.operator',
  'users.createdAt',
] as const;

export type UserRow = Omit<User, 'operator'> & { operator: 0 | 1 };

export const toUser = (row: UserRow): User => ({ ...row, operator: row.operator === 1 });

export const insertUser = (
  tx: Tx,
  user: {
    id: UserId;
    email: string;
    name: string;
    passwordHash: string | null;
    operator: boolean;
    at: number;
  },
) =>
  tx
    .insertInto('users')
    .values({
      id: user.id,
      email: user.email,
      name: user.name,
      passwordHash: user.passwordHash,
      operator: user.operator ? 1 : 0,
      createdAt: user.at,
    })
    .execute();

export const countUsers = async (db: Kysely<Schema>): Promise<number> => {
  const row = await db
    .selectFrom('users')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return row.count;
};

export const findPassword = (
  db: Kysely<Schema>,
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
export async function selectNames(
  db: Kysely<Schema>,
  ids: readonly UserId[],
): Promise<Map<UserId, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom('users').select(['id', 'name']).where('id', 'in', ids).execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** The account that a public key belongs to, or undefined. */
export const findKeyOwner = async (db: Kysely<Schema>, key: string): Promise<User | undefined> => {
  const row = await db
    .selectFrom('sshKeys')
    .innerJoin('users', 'users.id', 'sshKeys.userId')
    .select(userColumns)
    .where('sshKeys.key', '=', key)
    .executeTakeFirst();
  return row && toUser(row);
};

export const selectKeys = (
  db: Kysely<Schema>,
  userId: UserId,
): Promise<(SshKey & { name: string })[]> =>
  db
    .selectFrom('sshKeys')
    .select(['name', 'type', 'key', 'fingerprint', 'comment'])
    .where('userId', '=', userId)
    .orderBy('name')
    .execute();

export const insertKey = (
  tx: Tx,
  { userId, name, at, ...key }: SshKey & { userId: UserId; name: string; at: number },
) =>
  tx
    .insertInto('sshKeys')
    .values({ userId, name, ...key, createdAt: at })
    .execute();

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
  tx.insertInto('claimTokens').values({ hash, createdAt: at, usedAt: null }).execute();

export const deleteUnusedClaims = (tx: Tx) =>
  tx.deleteFrom('claimTokens').where('usedAt', 'is', null).execute();

/** Whether it is a claim token that nobody has used. */
export const isClaimToken = async (db: Kysely<Schema>, hash: string): Promise<boolean> =>
  (await db
    .selectFrom('claimTokens')
    .select('hash')
    .where('hash', '=', hash)
    .where('usedAt', 'is', null)
    .executeTakeFirst()) !== undefined;

export const takeClaimToken = (tx: Tx, hash: string, at: number) =>
  tx.updateTable('claimTokens').set({ usedAt: at }).where('hash', '=', hash).execute();
