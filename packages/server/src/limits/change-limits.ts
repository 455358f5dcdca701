import type { Clock } from '../lib/clock.ts';
import type { OwnerId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { request } from '../reconcile/queue.ts';
import type { Database } from '../store/database.ts';
import { isLimitName, limitNames, parseLimit } from './limit.ts';
import type { LimitName } from './limit.ts';
import { deleteLimit, upsertLimit } from './limit-store.ts';

type Deps = { database: Database; clock: Clock };

/** From now on this, which what waits may have waited for, is the limit of one user or owner, or of all that have none of their own; null: none. */
export const setLimit = (
  { database, clock }: Deps,
  { name, ownerId, value }: { name: string; ownerId: OwnerId | undefined; value: number | null },
): Promise<unknown> => {
  const known = parseLimitName(name);
  const parsed = parseLimit(known, value);
  return database.transaction(async (tx) => {
    await upsertLimit(tx, { name: known, ownerId, value: parsed, at: clock() });
    await request(tx, 'queue', 'all', clock());
  });
};

/** What is the rule counts again. */
export const unsetLimit = (
  { database, clock }: Deps,
  { name, ownerId }: { name: string; ownerId: OwnerId | undefined },
): Promise<unknown> => {
  const known = parseLimitName(name);
  return database.transaction(async (tx) => {
    await deleteLimit(tx, known, ownerId);
    await request(tx, 'queue', 'all', clock());
  });
};

function parseLimitName(name: string): LimitName {
  if (isLimitName(name)) return name;
  throw new Refusal('not_found', `There is no limit ${JSON.stringify(name)}.`, {
    name: `must be one of ${limitNames.join(', ')}`,
  });
}
