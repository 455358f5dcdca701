import type { OwnerId } from '../lib/ids.ts';
import type { Reader } from '../store/database.ts';
import { limitNames, limits, valueOf } from './limit.ts';
import type { Bearer, LimitName } from './limit.ts';
import { listSetLimits } from './limit-store.ts';

/** A limit as it counts for somebody; null: as much as there is. */
export type KnownLimit = { name: LimitName; of: Bearer; value: number | null; means: string };

/** All limits: those of users as they are for this one, the others as they are for this owner. */
export async function listLimits(
  db: Reader,
  { userId, ownerId }: { userId: OwnerId; ownerId: OwnerId },
): Promise<KnownLimit[]> {
  const set = await listSetLimits(db);
  const find = (name: LimitName, subject: OwnerId | undefined) =>
    set.find((one) => one.name === name && one.ownerId === subject)?.value;
  return limitNames.map((name) => {
    const { of, means } = limits[name];
    const own = find(name, of === 'user' ? userId : ownerId);
    return { name, of, means, value: valueOf(name, { own, all: find(name, undefined) }) };
  });
}
