import type { Clock } from '../lib/clock.ts';
import { MINUTE, SECOND } from '../lib/duration.ts';
import type { UserId } from '../lib/ids.ts';
import { TooMany } from '../lib/refusal.ts';

/** How many things one user may create in a row, and how many of those come back in a minute. */
export const CREATIONS = { burst: 120, aMinute: 60 };

/** So many users are remembered at most: who is forgotten begins anew. */
const MOST_USERS = 10_000;

/** What is left to somebody, as it was at `at`. */
type Bucket = { left: number; at: number };

const FULL: Bucket = { left: CREATIONS.burst, at: 0 };

/** Takes one out of a bucket that fills by itself; or how long until there is one, in ms. */
function takeOne({ left, at }: Bucket, now: number): Bucket | { wait: number } {
  const filled = Math.min(
    CREATIONS.burst,
    left + (Math.max(0, now - at) / MINUTE) * CREATIONS.aMinute,
  );
  if (filled >= 1) return { left: filled - 1, at: now };
  return { wait: ((1 - filled) / CREATIONS.aMinute) * MINUTE };
}

/** Keeps everybody to so many creations a minute: of applications, organizations and tokens. */
export type Rates = { requireCreation(userId: UserId): void };

export function createRates(clock: Clock): Rates {
  const buckets = new Map<UserId, Bucket>();
  return {
    requireCreation(userId) {
      const taken = takeOne(buckets.get(userId) ?? FULL, clock());
      if ('wait' in taken)
        throw new TooMany(
          `You create more than ${CREATIONS.aMinute} things a minute: wait a moment.`,
          Math.ceil(taken.wait / SECOND),
        );
      buckets.delete(userId);
      buckets.set(userId, taken);
      const [oldest] = buckets.keys();
      if (buckets.size > MOST_USERS && oldest !== undefined) buckets.delete(oldest);
    },
  };
}
