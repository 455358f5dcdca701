import type { Clock } from '../lib/clock.ts';
import { DAY } from '../lib/duration.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { Database } from '../store/database.ts';
import { deleteExpired } from './token-store.ts';

/** Forgets browsers' sessions and command lines' logins a day after they have become worthless. */
export const forgetExpired =
  ({ database, clock }: { database: Database; clock: Clock }): Reconciler =>
  async () => {
    await database.transaction((tx) => deleteExpired(tx, clock() - DAY));
    return clock() + DAY;
  };
