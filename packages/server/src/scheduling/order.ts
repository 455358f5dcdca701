import { DAY } from '../lib/duration.ts';
import type { Priority } from '../store/schema.ts';

/**
 * Whoever waits is looked at by when it came, and a priority is a head start: `high` counts as if it had
 * come a day earlier, `low` a day later. So nothing waits for ever, however much comes that is more urgent.
 */
const HEAD_START: Record<Priority, number> = { high: DAY, normal: 0, low: -DAY };

/** Somebody waits in front of what serves: it goes ahead of every run. */
const SERVING = 365 * DAY;

/** Its place among all that waits: the least is looked at first. Ties are settled by id. */
export const queueAt = (
  came: number,
  of: { kind: 'build' | 'webapp' | 'run'; priority: Priority },
): number => came - (of.kind === 'run' ? HEAD_START[of.priority] : SERVING);

/**
 * Who waits in the same line waits for the same: devices of a class, memory alone, or, for builds, which are
 * short and hold up somebody's push, other builds.
 */
export const lineOf = (of: {
  kind: 'build' | 'webapp' | 'run';
  deviceClass: string | null;
}): string => (of.kind === 'build' ? 'build' : (of.deviceClass ?? 'cpu'));
