import type { Clock } from '../lib/clock.ts';
import type { UserId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Database, Reader, Tx } from '../store/database.ts';
import type { TokenKind } from '../store/schema.ts';
import type { Authenticated } from './authenticate.ts';
import { deleteOthers, deleteToken, selectTokens } from './token-store.ts';
import type { Token } from './token-store.ts';
import { recordTokensEnded } from './user-event.ts';

type Deps = { database: Database; clock: Clock };

const EVERY_KIND: readonly TokenKind[] = ['session', 'pair', 'api'];
/** What somebody is signed in with; an API token is a program’s, and ends by its name alone. */
const SIGNED_IN: readonly TokenKind[] = ['session', 'pair'];

/** All that opens the account but its SSH keys, the newest first. */
export const listCredentials = (db: Reader, userId: UserId): Promise<Token[]> =>
  selectTokens(db, userId, EVERY_KIND);

/** It opens nothing any more, whatever its kind. Refuses one that the user has not. */
export const revokeCredential = (
  { database, clock }: Deps,
  userId: UserId,
  token: string,
): Promise<void> =>
  database.transaction(async (tx) => {
    const revoked = await deleteToken(tx, { userId, token, kinds: EVERY_KIND });
    if (revoked.length === 0)
      throw new Refusal('not_found', `There is no token ${JSON.stringify(token)}.`);
    await recordTokensEnded(tx, revoked, { why: 'revoked', at: clock() });
  });

/** What went, and how many API tokens go on. */
export type Ended = { ended: number; apiTokens: number };

/** Ends every session and token pair of the account but the one that asks. */
export const endOthers = ({ database, clock }: Deps, asks: Authenticated): Promise<Ended> =>
  database.transaction((tx) => endOthersIn(tx, asks, clock()));

export async function endOthersIn(
  tx: Tx,
  { user, token }: Authenticated,
  at: number,
): Promise<Ended> {
  const order = { userId: user.id, keep: token.token, kinds: SIGNED_IN };
  const ended = await deleteOthers(tx, order);
  await recordTokensEnded(tx, ended, { why: 'others_ended', at });
  return { ended: ended.length, apiTokens: (await selectTokens(tx, user.id, ['api'])).length };
}
