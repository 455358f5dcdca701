import type { UserId } from '../lib/ids.ts';
import type { Actor } from '../events/actor.ts';
import { PLATFORM } from '../events/actor.ts';
import { readLimit } from '../limits/require-room.ts';
import type { Database, Tx } from '../store/database.ts';
import type { TokenKind } from '../store/schema.ts';
import { hashSecret, isSecret, newTokenPair, parseAuthorization } from './credentials.ts';
import type { TokenPair } from './credentials.ts';
import { firstExpiry, planUse } from './lives.ts';
import { deleteOldestSessions, findTokenOwner, insertToken, setTokenUsed } from './token-store.ts';
import type { Token } from './token-store.ts';
import type { User } from './user.ts';
import { recordTokensEnded, recordUserEvent } from './user-event.ts';

/** Somebody who proved who they are, and by what. */
export type Authenticated = { user: User; token: Token };

/** Whoever proves to be somebody by an `Authorization` header, or undefined. */
export async function authenticateHeader(
  database: Database,
  header: string | undefined,
  now: number,
): Promise<User | undefined> {
  return (await authenticateToken(database, header, now))?.user;
}

/** The same, with the token that proved it. What a browser holds counts in its cookie only. */
export async function authenticateToken(
  database: Database,
  header: string | undefined,
  now: number,
): Promise<Authenticated | undefined> {
  const pair = header === undefined ? undefined : parseAuthorization(header);
  const found = pair && (await prove(database, pair, now));
  if (found === undefined || found.token.kind === 'session') return undefined;
  await noteUse(database, found.token, now);
  return found;
}

/** Whoever a browser's session cookie proves to be, or undefined. */
export async function authenticateSession(
  database: Database,
  cookie: string | undefined,
  now: number,
): Promise<Authenticated | undefined> {
  const pair = cookie === undefined ? undefined : parseAuthorization(`Bearer ${cookie}`);
  const found = pair && (await prove(database, pair, now));
  if (found === undefined || found.token.kind !== 'session') return undefined;
  await noteUse(database, found.token, now);
  return found;
}

async function prove(
  { read }: Database,
  { token, secret }: TokenPair,
  now: number,
): Promise<Authenticated | undefined> {
  const found = await findTokenOwner(read, token);
  if (found === undefined || !isSecret(secret, found.secretHash)) return undefined;
  const { user, token: known } = found;
  return known.expiresAt !== null && known.expiresAt <= now ? undefined : { user, token: known };
}

/** Renews what was used. Whoever may come in may also where nothing can be written, such as on a full disk. */
async function noteUse(database: Database, token: Token, now: number): Promise<void> {
  const use = planUse(token, now);
  if (use === undefined) return;
  await database.transaction((tx) => setTokenUsed(tx, token.token, use)).catch(() => undefined);
}

export type TokenOrder = {
  userId: UserId;
  name: string;
  kind: TokenKind;
  at: number;
  /** Where it is not what its kind is given. */
  expiresAt?: number;
  ip?: string | undefined;
  /** The user themself where nobody else is named. */
  by?: Actor;
};

/** A new token pair of the user's; its secret is shown this once. */
export async function issueToken(tx: Tx, order: TokenOrder): Promise<TokenPair> {
  const { userId, name, kind, at, expiresAt = firstExpiry(kind, at), ip = null } = order;
  const pair = newTokenPair();
  // what is handed to somebody who is just coming in is in use already
  const usedAt = kind === 'api' ? null : at;
  const token = { token: pair.token, name, kind, ip, createdAt: at, usedAt, expiresAt };
  await insertToken(tx, { ...token, userId, secretHash: hashSecret(pair.secret) });
  await recordUserEvent(tx, userId, {
    kind: 'user.token_issued',
    at,
    data: { token: pair.token, name, tokenKind: kind },
    ...(order.by !== undefined && { by: order.by }),
  });
  if (kind !== 'api') await signOutOldest(tx, { userId, newest: pair.token, at });
  return pair;
}

/** Who signs in is never kept out by where they signed in before. */
async function signOutOldest(
  tx: Tx,
  { userId, newest, at }: { userId: UserId; newest: string; at: number },
): Promise<void> {
  const most = await readLimit(tx, 'sessions', userId);
  if (most === null) return;
  const order = { userId, newest, most: Math.max(0, most - 1) };
  const ended = await deleteOldestSessions(tx, order);
  await recordTokensEnded(tx, ended, { why: 'too_many', by: PLATFORM, at });
}
