import type { Clock } from '../lib/clock.ts';
import { createHold } from './hold.ts';
import type { Held } from './hold.ts';
import type { ConnectionCount } from './route-table.ts';

export type ConnectionLimit = {
  /** Takes a place, undefined where all are taken; call the answer, once, to give it back. */
  take(applicationId: string): (() => void) | undefined;
  /** Waits a little for a place; undefined where too many wait already, else call the answer to wait no more. */
  wait(applicationId: string, waiting: Pick<Held, 'retry' | 'giveUp'>): (() => void) | undefined;
  /** Counts one that got none. */
  refuse(applicationId: string): void;
  counts(): Record<string, ConnectionCount>;
};

/** Nobody’s visitors hold all of the router: so many are let in for each application, and the next when one leaves. */
export function createConnectionLimit({
  most,
  waitMs,
  clock,
}: {
  most: number;
  waitMs: number;
  clock: Clock;
}): ConnectionLimit {
  const open = new Map<string, number>();
  const refused = new Map<string, number>();
  const hold = createHold(clock);
  const openOf = (id: string): number => open.get(id) ?? 0;
  const leave = (id: string): void => {
    if (openOf(id) > 1) open.set(id, openOf(id) - 1);
    else open.delete(id);
    // one that was let go on may need no place any more
    while (openOf(id) < most && hold.releaseNext(id));
  };
  return {
    take(id) {
      if (openOf(id) >= most) return undefined;
      open.set(id, openOf(id) + 1);
      return () => leave(id);
    },
    wait: (id, waiting) => hold.add(id, { ...waiting, until: clock() + waitMs }),
    refuse: (id) => void refused.set(id, (refused.get(id) ?? 0) + 1),
    counts: () =>
      Object.fromEntries(
        [...new Set([...open.keys(), ...refused.keys()])].map((id) => [
          id,
          { open: openOf(id), refused: refused.get(id) ?? 0 },
        ]),
      ),
  };
}
