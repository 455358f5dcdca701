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

/** Who a client is, as far as tries go: an IPv6 network of one customer has 2^64 addresses. */
export function placeOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':')}::/64`;
}
