import type { Kysely } from 'kysely';
import type { UserId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema, TokenKind } from '../store/schema.ts';
import { toUser, userColumns } from './account-store.ts';
import type { User } from './user.ts';

/** A token as it is kept: what proves it is a hash. */
export type Token = {
  token: string;
  name: string;
  kind: TokenKind;
  ip: string | null;
  createdAt: number;
  expiresAt: number | null;
};

const columns = [
  'tokens.token',
  'tokens.name as tokenName',
  'tokens.kind',
  'tokens.ip',
  'tokens.created_at as tokenCreatedAt',
  'tokens.expires_at as expiresAt',
] as const;

/** Whom a token belongs to, with what proves it. */
export async function findTokenOwner(
  db: Kysely<Schema>,
  token: string,
): Promise<{ user: User; secretHash: string; token: Token } | undefined> {
  const row = await db
    .selectFrom('tokens')
    .innerJoin('users', 'users.id', 'tokens.user_id')
    .select(userColumns)
    .select(columns)
    .select('tokens.secret_hash as secretHash')
    .where('tokens.token', '=', token)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { secretHash, token: known, tokenName, kind, ip, tokenCreatedAt, expiresAt, ...user } = row;
  return {
    user: toUser(user),
    secretHash,
    token: { token: known, name: tokenName, kind, ip, createdAt: tokenCreatedAt, expiresAt },
  };
}

export const insertToken = (tx: Tx, token: Token & { userId: UserId; secretHash: string }) =>
  tx
    .insertInto('tokens')
    .values({
      token: token.token,
      user_id: token.userId,
      secret_hash: token.secretHash,
      name: token.name,
      kind: token.kind,
      ip: token.ip,
      created_at: token.createdAt,
      expires_at: token.expiresAt,
    })
    .execute();

/** The newest first. */
export const selectTokens = (
  db: Kysely<Schema>,
  userId: UserId,
  kind: TokenKind,
): Promise<Token[]> =>
  db
    .selectFrom('tokens')
    .select(['token', 'name', 'kind', 'ip', 'created_at as createdAt', 'expires_at as expiresAt'])
    .where('user_id', '=', userId)
    .where('kind', '=', kind)
    .orderBy('created_at', 'desc')
    .execute();

/** False where the user has no such token. */
export async function deleteToken(
  tx: Tx,
  { userId, token, kind }: { userId: UserId; token: string; kind: TokenKind },
): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('tokens')
    .where('user_id', '=', userId)
    .where('token', '=', token)
    .where('kind', '=', kind)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export const insertCliLogin = (
  tx: Tx,
  login: { hash: string; userId: UserId; at: number; expiresAt: number },
) =>
  tx
    .insertInto('cli_logins')
    .values({
      hash: login.hash,
      user_id: login.userId,
      created_at: login.at,
      expires_at: login.expiresAt,
      read_at: null,
    })
    .execute();

export type CliLogin = { userId: UserId; expiresAt: number; readAt: number | null };

export const findCliLogin = (db: Kysely<Schema>, hash: string): Promise<CliLogin | undefined> =>
  db
    .selectFrom('cli_logins')
    .select(['user_id as userId', 'expires_at as expiresAt', 'read_at as readAt'])
    .where('hash', '=', hash)
    .executeTakeFirst();

/** Uses up a login; false where it was read before. */
export async function setCliLoginRead(tx: Tx, hash: string, at: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('cli_logins')
    .set({ read_at: at })
    .where('hash', '=', hash)
    .where('read_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Sessions and logins whose time was over by `before`; what people made themselves stays listed. */
export async function deleteExpired(tx: Tx, before: number): Promise<void> {
  await tx
    .deleteFrom('tokens')
    .where('kind', '=', 'session')
    .where('expires_at', '<', before)
    .execute();
  await tx.deleteFrom('cli_logins').where('expires_at', '<', before).execute();
}

/** Keeps `newest`, and beside it `most` of those that a command line or a browser was signed in by last. */
export async function deleteOldestSessions(
  tx: Tx,
  { userId, newest, most }: { userId: UserId; newest: string; most: number },
): Promise<void> {
  await tx
    .deleteFrom('tokens')
    .where('token', 'in', ({ selectFrom }) =>
      selectFrom('tokens')
        .select('token')
        .where('user_id', '=', userId)
        .where('kind', '!=', 'api')
        .where('token', '!=', newest)
        .orderBy('created_at', 'desc')
        .orderBy('token')
        .limit(FAR)
        .offset(most),
    )
    .execute();
}

/** SQLite knows no offset without a limit. */
const FAR = 1_000_000;
