import type { InstanceId } from '../../../lib/ids.ts';

/** Starts that are under way: who asks for one again gets the same, and it can be broken off. */
export function createPendingStarts(closing: AbortSignal) {
  const underWay = new Map<InstanceId, { over: Promise<void>; breaking: AbortController }>();
  return {
    run(id: InstanceId, start: (signal: AbortSignal) => Promise<void>): Promise<void> {
      const known = underWay.get(id);
      if (known !== undefined) return known.over;
      const breaking = new AbortController();
      const signal = AbortSignal.any([closing, breaking.signal]);
      const over = start(signal).finally(() => underWay.delete(id));
      underWay.set(id, { over, breaking });
      return over;
    },
    /** Resolves when nothing of it is under way any more. */
    async breakOff(id: InstanceId): Promise<void> {
      const known = underWay.get(id);
      known?.breaking.abort();
      await known?.over.catch(() => undefined);
    },
  };
}
