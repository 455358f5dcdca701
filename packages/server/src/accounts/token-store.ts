import type { UserId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import type { NewRow, Row, TokenKind } from '../store/schema.ts';
import type { User } from './user.ts';

/** A token as it is kept: what proves it is a hash. */
export type Token = Omit<Row<'tokens'>, 'secretHash'>;

/** Whom a token belongs to, with what proves it. */
export async function findTokenOwner(
  db: Reader,
  token: string,
): Promise<{ user: User; secretHash: string; token: Token } | undefined> {
  const row = await db
    .selectFrom('tokens')
    .innerJoin('users', 'users.id', 'tokens.userId')
    .selectAll('tokens')
    .select(['users.email', 'users.operator'])
    // names that a token has as well
    .select(['users.name as userName', 'users.createdAt as userCreatedAt'])
    .where('tokens.token', '=', token)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { email, operator, userName: name, userCreatedAt: createdAt, secretHash, ...found } = row;
  return { user: { id: found.userId, email, operator, name, createdAt }, secretHash, token: found };
}

export const insertToken = (tx: Tx, token: NewRow<'tokens'>) =>
  tx.insertInto('tokens').values(token).execute();

export const setTokenUsed = (
  tx: Tx,
  token: string,
  { usedAt, expiresAt }: Pick<Token, 'usedAt' | 'expiresAt'>,
) => tx.updateTable('tokens').set({ usedAt, expiresAt }).where('token', '=', token).execute();

/** Whether there is such a token, and it stays until the transaction is over: it is written as it is. */
export async function holdToken(tx: Tx, token: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('tokens')
    .set({ token })
    .where('token', '=', token)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Those of these kinds, the newest first. */
export async function selectTokens(
  db: Reader,
  userId: UserId,
  kinds: readonly TokenKind[],
): Promise<Token[]> {
  const rows = await db
    .selectFrom('tokens')
    .selectAll()
    .where('userId', '=', userId)
    .where('kind', 'in', kinds)
    .orderBy('createdAt', 'desc')
    .orderBy('token')
    .execute();
  return rows.map(({ secretHash, ...token }) => token);
}

/** A token that opens nothing any more. */
export type EndedToken = Pick<Token, 'token' | 'name' | 'kind'> & { userId: UserId };

const ended = ['token', 'name', 'kind', 'userId'] as const;

/** None where the user has no such token. */
export const deleteToken = (
  tx: Tx,
  { userId, token, kinds }: { userId: UserId; token: string; kinds: readonly TokenKind[] },
): Promise<EndedToken[]> =>
  tx
    .deleteFrom('tokens')
    .where('userId', '=', userId)
    .where('token', '=', token)
    .where('kind', 'in', kinds)
    .returning(ended)
    .execute();

/** All of these kinds but one, and logins that somebody said yes to and no command line has fetched. */
export async function deleteOthers(
  tx: Tx,
  { userId, keep, kinds }: { userId: UserId; keep: string; kinds: readonly TokenKind[] },
): Promise<EndedToken[]> {
  await tx
    .deleteFrom('cliLogins')
    .where('userId', '=', userId)
    .where('readAt', 'is', null)
    .execute();
  return tx
    .deleteFrom('tokens')
    .where('userId', '=', userId)
    .where('token', '!=', keep)
    .where('kind', 'in', kinds)
    .returning(ended)
    .execute();
}

export const insertCliLogin = (tx: Tx, login: NewRow<'cliLogins'>) =>
  tx.insertInto('cliLogins').values(login).execute();

export const findCliLogin = (db: Reader, hash: string): Promise<Row<'cliLogins'> | undefined> =>
  db.selectFrom('cliLogins').selectAll().where('hash', '=', hash).executeTakeFirst();

/** Uses up a login; false where it was read before. */
export async function setCliLoginRead(tx: Tx, hash: string, at: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('cliLogins')
    .set({ readAt: at })
    .where('hash', '=', hash)
    .where('readAt', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Tokens of these kinds whose time was over by `before`. */
export const deleteExpiredTokens = (
  tx: Tx,
  kinds: readonly TokenKind[],
  before: number,
): Promise<EndedToken[]> =>
  tx
    .deleteFrom('tokens')
    .where('kind', 'in', kinds)
    .where('expiresAt', '<', before)
    .returning(ended)
    .execute();

export const deleteExpiredLogins = (tx: Tx, before: number) =>
  tx.deleteFrom('cliLogins').where('expiresAt', '<', before).execute();

/** Keeps `newest`, and beside it `most` of those that a command line or a browser was signed in by last. */
export const deleteOldestSessions = (
  tx: Tx,
  { userId, newest, most }: { userId: UserId; newest: string; most: number },
): Promise<EndedToken[]> =>
  tx
    .deleteFrom('tokens')
    .where('token', 'in', ({ selectFrom }) =>
      selectFrom('tokens')
        .select('token')
        .where('userId', '=', userId)
        .where('kind', '!=', 'api')
        .where('token', '!=', newest)
        .orderBy('createdAt', 'desc')
        .orderBy('token')
        .limit(FAR)
        .offset(most),
    )
    .returning(ended)
    .execute();

/** SQLite knows no offset without a limit. */
const FAR = 1_000_000;
