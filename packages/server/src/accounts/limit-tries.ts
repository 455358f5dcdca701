import type { Clock } from '../lib/clock.ts';

/** Counts tries by whoever makes them, within a time. */
export type Tries = {
  /** Notes a try; false where there were too many. */
  begin(key: string): boolean;
  /** The last try was none after all. */
  takeBack(key: string): void;
  forget(key: string): void;
};

/** Nobody makes so many keys that others’ tries are forgotten for long; it is memory that is limited. */
const REMEMBERED = 10_000;

export function createTries(
  clock: Clock,
  { most, within, remembered = REMEMBERED }: { most: number; within: number; remembered?: number },
): Tries {
  const times = new Map<string, readonly number[]>();
  const note = (key: string, tries: readonly number[]): void => {
    times.delete(key);
    if (tries.length === 0) return;
    times.set(key, tries);
    const [oldest] = times.keys();
    if (times.size > remembered && oldest !== undefined) times.delete(oldest);
  };
  return {
    begin(key) {
      const recent = (times.get(key) ?? []).filter((at) => at > clock() - within);
      const allowed = recent.length < most;
      note(key, allowed ? [...recent, clock()] : recent);
      return allowed;
    },
    takeBack: (key) => note(key, (times.get(key) ?? []).slice(0, -1)),
    forget: (key) => void times.delete(key),
  };
}
