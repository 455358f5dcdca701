import type { Kysely } from 'kysely';
import { DAY } from '../lib/duration.ts';
import type { UserId } from '../lib/ids.ts';
import { readLimit } from '../limits/demand-room.ts';
import type { Tx } from '../store/database.ts';
import type { Schema, TokenKind } from '../store/schema.ts';
import { hashSecret, isSecret, newTokenPair, parseAuthorization } from './credentials.ts';
import type { TokenPair } from './credentials.ts';
import { deleteOldestSessions, findTokenOwner, insertToken } from './token-store.ts';
import type { Token } from './token-store.ts';
import type { User } from './user.ts';

/** Somebody who proved who they are, and by what. */
export type Authenticated = { user: User; token: Token };

/** What a token pair is good for without being renewed. */
export const TOKEN_LIVES = 365 * DAY;

/** Whoever proves to be somebody by an `Authorization` header, or undefined. */
export async function authenticateHeader(
  db: Kysely<Schema>,
  header: string | undefined,
  now: number,
): Promise<User | undefined> {
  return (await authenticateToken(db, header, now))?.user;
}

/** The same, with the token that proved it. What a browser holds counts in its cookie only. */
export async function authenticateToken(
  db: Kysely<Schema>,
  header: string | undefined,
  now: number,
): Promise<Authenticated | undefined> {
  const pair = header === undefined ? undefined : parseAuthorization(header);
  const found = pair && (await prove(db, pair, now));
  return found?.token.kind === 'session' ? undefined : found;
}

/** Whoever a browser's session cookie proves to be, or undefined. */
export async function authenticateSession(
  db: Kysely<Schema>,
  cookie: string | undefined,
  now: number,
): Promise<Authenticated | undefined> {
  const pair = cookie === undefined ? undefined : parseAuthorization(`Bearer ${cookie}`);
  const found = pair && (await prove(db, pair, now));
  return found?.token.kind === 'session' ? found : undefined;
}

async function prove(
  db: Kysely<Schema>,
  { token, secret }: TokenPair,
  now: number,
): Promise<Authenticated | undefined> {
  const found = await findTokenOwner(db, token);
  if (found === undefined || !isSecret(secret, found.secretHash)) return undefined;
  const { user, token: known } = found;
  return known.expiresAt !== null && known.expiresAt <= now ? undefined : { user, token: known };
}

export type TokenOrder = {
  userId: UserId;
  name: string;
  kind: TokenKind;
  at: number;
  expiresAt: number;
  ip?: string | undefined;
};

/** A new token pair of the user's; its secret is shown this once. */
export async function issueToken(tx: Tx, order: TokenOrder): Promise<TokenPair> {
  const { userId, name, kind, at, expiresAt, ip = null } = order;
  const pair = newTokenPair();
  const token = { token: pair.token, name, kind, ip, createdAt: at, expiresAt };
  await insertToken(tx, { ...token, userId, secretHash: hashSecret(pair.secret) });
  if (kind !== 'api') await signOutOldest(tx, userId, pair.token);
  return pair;
}

/** Who signs in is never kept out by where they signed in before. */
async function signOutOldest(tx: Tx, userId: UserId, newest: string): Promise<void> {
  const most = await readLimit(tx, 'sessions', userId);
  if (most === null) return;
  await deleteOldestSessions(tx, { userId, newest, most: Math.max(0, most - 1) });
}
