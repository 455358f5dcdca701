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

/** What a run or a deployment of the owner's used in the window. */
export async function subjectUsage(
  db: Kysely<Schema>,
  ownerId: OwnerId,
  { subjectId, ...window }: { subjectId: string; from: number; to: number },
): Promise<Pick<Usage, 'minutes' | 'gpuMinutes' | 'microEuros'>> {
  const all = await selectIntervals(db, ownerId, window);
  const own = usageOf(
    all.filter((one) => one.subjectId === subjectId),
    window,
  )[0];
  const { minutes = 0, gpuMinutes = 0, microEuros = 0 } = own ?? {};
  return { minutes, gpuMinutes, microEuros };
}
