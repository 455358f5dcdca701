import type { OwnerId } from '../lib/ids.ts';
import type { Reader } from '../store/database.ts';
import { selectIntervals } from './usage-store.ts';
import { usageOf } from './usage.ts';
import type { Interval, Usage } from './usage.ts';

/** What the owner's applications used between `from` and `to` (epoch ms), and what it costs. */
export async function accountUsage(
  db: Reader,
  ownerId: OwnerId,
  window: { from: number; to: number },
): Promise<Usage[]> {
  return usageOf(await selectIntervals(db, ownerId, window), window);
}

type Subject = Pick<Interval, 'subjectKind' | 'subjectId'>;

/** What a subject of the owner's used in the window. */
export async function subjectUsage(
  db: Reader,
  ownerId: OwnerId,
  { of, ...window }: { of: Subject; from: number; to: number },
): Promise<Pick<Usage, 'minutes' | 'gpuMinutes' | 'microEuros'>> {
  const all = await selectIntervals(db, ownerId, window);
  const own = usageOf(
    all.filter(
      ({ subjectKind, subjectId }) => subjectKind === of.subjectKind && subjectId === of.subjectId,
    ),
    window,
  )[0];
  const { minutes = 0, gpuMinutes = 0, microEuros = 0 } = own ?? {};
  return { minutes, gpuMinutes, microEuros };
}
