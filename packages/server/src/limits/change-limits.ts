import type { Actor } from '../events/actor.ts';
import { appendEvent } from '../events/append.ts';
import type { Clock } from '../lib/clock.ts';
import type { OwnerId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { askForLook } from '../reconcile/looks.ts';
import type { Database } from '../store/database.ts';
import { isLimitName, limitNames, parseLimit } from './limit.ts';
import type { LimitName } from './limit.ts';
import { deleteLimit, upsertLimit } from './limit-store.ts';

type Deps = { database: Database; clock: Clock };

type Order = { name: string; ownerId: OwnerId | undefined; by: Actor };

const about = (subjectId: LimitName, ownerId: OwnerId | undefined) => ({
  ownerId: ownerId ?? null,
  applicationId: null,
  subjectId,
});

/** From now on this, which what waits may have waited for, is the limit of one user or owner, or of all that have none of their own; null: none. */
export const setLimit = (
  { database, clock }: Deps,
  { name, ownerId, value, by }: Order & { value: number | null },
): Promise<unknown> => {
  const known = parseLimitName(name);
  const parsed = parseLimit(known, value);
  return database.transaction(async (tx) => {
    const at = clock();
    await upsertLimit(tx, { name: known, ownerId, value: parsed, at });
    await askForLook(tx, 'queue', 'all', at);
    const event = { kind: 'limit.set', data: { value: parsed } } as const;
    await appendEvent(tx, { ...about(known, ownerId), ...event, by, at });
  });
};

/** What is the rule counts again. */
export const unsetLimit = (
  { database, clock }: Deps,
  { name, ownerId, by }: Order,
): Promise<unknown> => {
  const known = parseLimitName(name);
  return database.transaction(async (tx) => {
    const at = clock();
    await deleteLimit(tx, known, ownerId);
    await askForLook(tx, 'queue', 'all', at);
    await appendEvent(tx, { ...about(known, ownerId), kind: 'limit.unset', data: {}, by, at });
  });
};

function parseLimitName(name: string): LimitName {
  if (isLimitName(name)) return name;
  throw new Refusal('not_found', `There is no limit ${JSON.stringify(name)}.`, {
    name: `must be one of ${limitNames.join(', ')}`,
  });
}
