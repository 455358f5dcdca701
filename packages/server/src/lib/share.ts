import { Refusal } from './refusal.ts';

/** One of those that a thing counts for: a user, a repository, an address. */
type Holder = { key: string; most: number };

export type Share = {
  /**
   * Resolves with the way to give it back when there is room in all and for each holder. Throws `Refusal`
   * where that takes too long or too many wait already, and the signal's reason when it aborts.
   */
  take(holders: readonly Holder[], signal?: AbortSignal): Promise<() => void>;
};

type Limits = {
  /** How many there may be at a time, whoever holds them. */
  total: number;
  waitMs: number;
  /** What is counted, in the plural: `git commands`. */
  what: string;
};

type Waiter = { holders: readonly Holder[]; enter(): void };

/** For each that a holder may have, so many may wait. */
const QUEUE = 8;

/** So many at a time of what is costly, for each holder and in all; who comes too late waits a little. */
export function createShare(limits: Limits): Share {
  const { hasRoom, isFull, count } = createCounts(limits.total);
  const waiting = new Set<Waiter>();
  const grant = (holders: readonly Holder[]): (() => void) => {
    count(holders, 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      count(holders, -1);
      for (const waiter of waiting) if (hasRoom(waiter.holders)) waiter.enter();
    };
  };
  const refuse = (holders: readonly Holder[]): Refusal => describe(limits, holders.find(isFull));
  const isCrowded = ({ key, most }: Holder): boolean => {
    const beside = [...waiting].filter(({ holders }) => holders.some((one) => one.key === key));
    return beside.length >= most * QUEUE;
  };
  const wait = (holders: readonly Holder[], signal: AbortSignal | undefined) =>
    new Promise<() => void>((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(waiter);
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
      };
      const fail = (error: Error): void => {
        leave();
        reject(error);
      };
      const giveUp = (): void => fail(signal?.reason as Error);
      const enter = (): void => {
        leave();
        resolve(grant(holders));
      };
      const waiter = { holders, enter };
      const timer = setTimeout(() => fail(refuse(holders)), limits.waitMs);
      signal?.addEventListener('abort', giveUp, { once: true });
      waiting.add(waiter);
    });
  return {
    async take(holders, signal) {
      signal?.throwIfAborted();
      if (hasRoom(holders)) return grant(holders);
      if (waiting.size >= limits.total * QUEUE || holders.some(isCrowded)) throw refuse(holders);
      return wait(holders, signal);
    },
  };
}

function createCounts(total: number) {
  const held = new Map<string, number>();
  let all = 0;
  const isFull = ({ key, most }: Holder): boolean => (held.get(key) ?? 0) >= most;
  return {
    isFull,
    hasRoom: (holders: readonly Holder[]): boolean => all < total && !holders.some(isFull),
    count(holders: readonly Holder[], by: 1 | -1): void {
      all += by;
      for (const { key } of holders) {
        const now = (held.get(key) ?? 0) + by;
        if (now === 0) held.delete(key);
        else held.set(key, now);
      }
    },
  };
}

const describe = ({ total, what }: Limits, full: Holder | undefined): Refusal =>
  full === undefined
    ? new Refusal('unavailable', `The platform serves ${total} ${what} at a time: try again soon.`)
    : new Refusal(
        'too_many',
        `You have ${full.most} ${what} at a time: let one of them end first.`,
      );
