import type { Clock } from '../lib/clock.ts';
import { DAY, SECOND } from '../lib/duration.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { Database } from '../store/database.ts';
import { deleteOldest } from './event-store.ts';

/** So many are deleted in one transaction: nobody waits long for it. */
const AT_A_TIME = 1_000;

type Deps = { database: Database; clock: Clock; keptDays: number };

/** Forgets events that are older than they are kept, a part at a time. */
export const forgetEvents =
  ({ database, clock, keptDays }: Deps): Reconciler =>
  async () => {
    const before = clock() - keptDays * DAY;
    const more = await database.transaction((tx) => deleteOldest(tx, { before, limit: AT_A_TIME }));
    return clock() + (more ? SECOND : DAY);
  };
