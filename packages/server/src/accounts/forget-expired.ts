import { PLATFORM } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import { DAY } from '../lib/duration.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { Database } from '../store/database.ts';
import { deletePendingEmails } from './email-store.ts';
import { deleteExpiredLogins, deleteExpiredTokens } from './token-store.ts';
import { recordTokensEnded, recordUserEvent } from './user-event.ts';

/** How long it is still said of an API token, which somebody counts on, that it has expired. */
const API_TOKENS_LISTED = 30 * DAY;
/** How long an address waits for a proof. */
const EMAILS_WAIT = 30 * DAY;

/** Forgets what opened accounts a day after it has become worthless. */
export const forgetExpired =
  ({ database, clock }: { database: Database; clock: Clock }): Reconciler =>
  async () => {
    const now = clock();
    await database.transaction(async (tx) => {
      const ended = [
        ...(await deleteExpiredTokens(tx, ['session', 'pair'], now - DAY)),
        ...(await deleteExpiredTokens(tx, ['api'], now - API_TOKENS_LISTED)),
      ];
      await recordTokensEnded(tx, ended, { why: 'expired', by: PLATFORM, at: now });
      await deleteExpiredLogins(tx, now - DAY);
      for (const { userId, email } of await deletePendingEmails(tx, now - EMAILS_WAIT))
        await recordUserEvent(tx, userId, {
          kind: 'user.email_removed',
          by: PLATFORM,
          at: now,
          data: { email },
        });
    });
    return now + DAY;
  };
