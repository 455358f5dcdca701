import type { Kysely } from 'kysely';
import type { OwnerId } from '../lib/ids.ts';
import type { Schema } from '../store/schema.ts';
import { selectIntervals } from './usage-store.ts';
import { usageOf } from './usage.ts';
import type { Usage } from './usage.ts';

/** What the owner's applications used between `from` and `to` (epoch ms), and what it costs. */
export async function accountUsage(
  db: Kysely<Schema>,
  ownerId: OwnerId,
  window: { from: number; to: number },
): Promise<Usage[]> {
  return usageOf(await selectIntervals(db, ownerId, window), window);
}
