import type { Kysely } from 'kysely';
import type { UserId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { findTokenOwner, insertToken } from './account-store.ts';
import { hashSecret, isSecret, newTokenPair, parseAuthorization } from './credentials.ts';
import type { TokenPair } from './credentials.ts';
import type { User } from './user.ts';

/** Whoever proves to be somebody by an `Authorization` header, or undefined. */
export async function authenticateHeader(
  db: Kysely<Schema>,
  header: string | undefined,
  now: number,
): Promise<User | undefined> {
  const pair = header === undefined ? undefined : parseAuthorization(header);
  if (pair === undefined) return undefined;
  const found = await findTokenOwner(db, pair.token);
  if (found === undefined || !isSecret(pair.secret, found.secretHash)) return undefined;
  return found.expiresAt !== null && found.expiresAt <= now ? undefined : found.user;
}

/** A new token pair of the user's; its secret is shown this once. */
export async function issueToken(
  tx: Tx,
  order: { userId: UserId; name: string; at: number; expiresAt: number | null },
): Promise<TokenPair> {
  const pair = newTokenPair();
  await insertToken(tx, { ...order, token: pair.token, secretHash: hashSecret(pair.secret) });
  return pair;
}
