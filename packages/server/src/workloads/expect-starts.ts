import { simulate } from '../scheduling/simulate.ts';
import { everFits } from '../scheduling/never-fits.ts';
import { demandOfWorkload, toQueued } from './load-queue.ts';
import type { QueueFacts } from './load-queue.ts';

/** How many of those that wait are told when they start: what is further behind depends on too much. */
const FORESIGHT = 100;

/**
 * When each of the first that wait is expected to start, if everything takes as long as is thought and
 * nothing more comes: the queue itself, in virtual time.
 */
export function expectStarts({
  now,
  free,
  capacity,
  allocations,
  waiting,
}: QueueFacts): ReadonlyMap<string, number> {
  const arrivals = waiting
    .filter((one) => everFits(capacity, demandOfWorkload(one)))
    .slice(0, FORESIGHT)
    .map((one) => ({ at: now, entry: toQueued(one), duration: one.estimate ?? undefined }));
  const started = simulate({ now, free, allocations, arrivals, overtaking: 'backfill' });
  return new Map([...started].map(([id, { startsAt }]) => [id, startsAt]));
}
