import type { Clock } from '../lib/clock.ts';
import type { UserId } from '../lib/ids.ts';
import { parseName } from '../lib/name.ts';
import { Refusal } from '../lib/refusal.ts';
import { requireRoom } from '../limits/require-room.ts';
import type { Database, Reader } from '../store/database.ts';
import type { TokenKind } from '../store/schema.ts';
import { issueToken } from './authenticate.ts';
import { holdPassword } from './check-password.ts';
import type { CheckPassword } from './check-password.ts';
import { LONGEST_LIFE } from './lives.ts';
import { deleteToken, selectTokens } from './token-store.ts';
import type { Token } from './token-store.ts';
import { parseEmail } from './user.ts';
import type { User } from './user.ts';
import { recordTokensEnded } from './user-event.ts';

export type ApiTokenOrder = {
  email: string;
  password: string;
  name: string;
  /** Epoch ms; a year from now at most. */
  expiresAt: number;
  ip: string | undefined;
  client: string;
};

/**
 * A token for programs (`Authorization: Bearer …`), shown this once. The password is asked for again:
 * a token that was lent cannot make itself another one.
 */
export async function createApiToken(
  deps: { database: Database; clock: Clock; checkPassword: CheckPassword },
  user: User,
  order: ApiTokenOrder,
): Promise<{ id: string; token: string }> {
  const { database, clock, checkPassword } = deps;
  const name = parseName('name', order.name);
  const at = clock();
  if (order.expiresAt <= at || order.expiresAt > at + LONGEST_LIFE + 1)
    throw new Refusal('invalid', 'The token must expire within a year from now.', {
      expirationDate: 'must be in the future, a year from now at most',
    });
  // somebody else’s password is not to be tried out here
  if (parseEmail(order.email) !== user.email) throw wrongPassword();
  const checked = await checkPassword(order).catch(refuseCredential);
  if (checked.id !== user.id) throw wrongPassword();
  const { expiresAt, ip } = order;
  const pair = await database.transaction(async (tx) => {
    await holdPassword(tx, checked);
    const count = async () => (await selectTokens(tx, user.id, ['api'])).length;
    await requireRoom(tx, 'api-tokens', { of: user.id, count });
    return issueToken(tx, { userId: user.id, name, kind: 'api', at, expiresAt, ip });
  });
  return { id: pair.token, token: `${pair.token}.${pair.secret}` };
}

function refuseCredential(error: unknown): never {
  if (error instanceof Refusal && error.code === 'unauthenticated') throw wrongPassword();
  throw error;
}

const wrongPassword = (): Refusal => new Refusal('invalid_credential', 'The password is wrong.');

export const listApiTokens = (db: Reader, user: User): Promise<Token[]> =>
  selectTokens(db, user.id, ['api']);

/** The token opens nothing any more. Refuses one that the user has not. */
export const revokeApiToken = (
  { database, clock }: { database: Database; clock: Clock },
  user: User,
  token: string,
): Promise<void> =>
  database.transaction(async (tx) => {
    const revoked = await deleteToken(tx, { userId: user.id, token, kinds: ['api'] });
    if (revoked.length === 0)
      throw new Refusal('not_found', `There is no API token ${JSON.stringify(token)}.`);
    await recordTokensEnded(tx, revoked, { why: 'revoked', at: clock() });
  });

/** How many of each kind the user has. */
export async function countTokens(db: Reader, userId: UserId): Promise<Record<TokenKind, number>> {
  const count = async (kind: TokenKind) => (await selectTokens(db, userId, [kind])).length;
  return { api: await count('api'), pair: await count('pair'), session: await count('session') };
}
