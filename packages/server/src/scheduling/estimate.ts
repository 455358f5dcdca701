import { DAY } from '../lib/duration.ts';
import type { EstimateBasis } from '../store/schema.ts';

/** How much longer than the longest of its last runs one is expected to take. */
const MARGIN = 1.3;
/** How many past runs are asked. */
export const HISTORY = 5;
/** Of what never ran before, and has no limit: as long as clusters commonly let anything run. */
const UNKNOWN = DAY;

/** How long something will probably hold what it gets, in ms, and what that rests on. */
export type Estimate = { duration: number; basis: EstimateBasis };

/**
 * How long a run will take: 1.3 times the longest of the last five of its size, never more than it may. Where none ran, as
 * long as it may; where that is not said either, as the last five of other sizes; else so long is assumed.
 */
export function estimateFrom(
  past: readonly number[],
  {
    maxDuration,
    others = [],
    unknown = UNKNOWN,
  }: { maxDuration?: number | undefined; others?: readonly number[]; unknown?: number } = {},
): Estimate {
  if (past.length > 0) {
    const duration = Math.min(expectedOf(past), maxDuration ?? Infinity);
    return { duration, basis: 'history' };
  }
  if (maxDuration !== undefined) return { duration: maxDuration, basis: 'limit' };
  return others.length > 0
    ? { duration: expectedOf(others), basis: 'history' }
    : { duration: unknown, basis: 'assumption' };
}

const expectedOf = (past: readonly number[]): number =>
  Math.round(MARGIN * Math.max(...past.slice(0, HISTORY)));

/** What is known of how long this size took; of other sizes only where none of this did. */
export async function estimateBy(
  pastOf: (flavor: string | undefined) => Promise<readonly number[]>,
  flavor: string,
  rest: { maxDuration?: number | undefined; unknown?: number } = {},
): Promise<Estimate> {
  const past = await pastOf(flavor);
  const others = past.length === 0 ? await pastOf(undefined) : [];
  return estimateFrom(past, { ...rest, others });
}

/**
 * When something that started then is expected to end: one that outlives its estimate is given as much
 * again, as often as it takes, but never more than it may.
 */
export function expectedEnd(
  {
    startedAt,
    estimate,
    maxDuration,
  }: { startedAt: number; estimate: number; maxDuration?: number },
  now: number,
): number {
  let end = startedAt + Math.max(1, estimate);
  for (let more = Math.max(1, estimate); end <= now; more *= 2) end += more;
  return maxDuration === undefined ? end : Math.max(now, Math.min(end, startedAt + maxDuration));
}
