import type { Clock } from '../lib/clock.ts';

/** A request that waits: for its application's first instance, or for the control plane. */
export type Held = {
  retry(): void;
  giveUp(): void;
  /** Epoch ms; the same however often it is tried again. */
  until: number;
};

const MOST_OF_ONE = 1_000;

/** Keeps requests back, bounded in number and time. */
export function createHold(clock: Clock) {
  const held = new Map<string, Map<Held, NodeJS.Timeout>>();
  return {
    /** Undefined where too many wait already; else call the answer where the client leaves. */
    add(whom: string, request: Held): (() => void) | undefined {
      const waiting = held.get(whom) ?? new Map<Held, NodeJS.Timeout>();
      if (waiting.size >= MOST_OF_ONE) return undefined;
      held.set(whom, waiting);
      const leave = (): boolean => {
        clearTimeout(waiting.get(request));
        const left = waiting.delete(request);
        if (waiting.size === 0 && held.get(whom) === waiting) held.delete(whom);
        return left;
      };
      const giveUp = (): void => {
        if (leave()) request.giveUp();
      };
      waiting.set(request, setTimeout(giveUp, Math.max(0, request.until - clock())));
      return leave;
    },
    /** What was waited for may have come: all look again. */
    release(): void {
      const all = [...held.values()].flatMap((waiting) => [...waiting]);
      held.clear();
      for (const [request, timer] of all) {
        clearTimeout(timer);
        request.retry();
      }
    },
    /** A place is free: whoever of these waits longest looks again. False where nobody waits. */
    releaseNext(whom: string): boolean {
      const waiting = held.get(whom);
      const [first] = waiting ?? [];
      if (waiting === undefined || first === undefined) return false;
      const [request, timer] = first;
      clearTimeout(timer);
      waiting.delete(request);
      if (waiting.size === 0) held.delete(whom);
      request.retry();
      return true;
    },
    isEmpty: (): boolean => held.size === 0,
  };
}

export type Hold = ReturnType<typeof createHold>;
