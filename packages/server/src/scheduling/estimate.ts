import { DAY } from '../lib/duration.ts';

/** How much longer than the longest of its last runs one is expected to take. */
const MARGIN = 1.3;
/** How many past runs are asked. */
export const HISTORY = 5;
/** Of what never ran before, and has no limit: as long as clusters commonly let anything run. */
const UNKNOWN = DAY;

/**
 * How long a run will take, in ms: 1.3 times the longest of its application's last five that succeeded in
 * the same size, never more than it may.
 */
export function estimateFrom(past: readonly number[], maxDuration: number | undefined): number {
  const recent = past.slice(0, HISTORY);
  const expected = recent.length === 0 ? (maxDuration ?? UNKNOWN) : MARGIN * Math.max(...recent);
  return Math.round(Math.min(expected, maxDuration ?? Infinity));
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
