/** A request that waits for its application's first instance. */
export type Held = { retry(): void; giveUp(): void };

const MOST_PER_APPLICATION = 1_000;

/** Keeps requests back while an application starts, bounded in number and time. */
export function createHold(holdMs: number) {
  const held = new Map<string, Set<Held>>();
  return {
    /** False where too many wait already. */
    add(applicationId: string, request: Held): boolean {
      const waiting = held.get(applicationId) ?? new Set();
      if (waiting.size >= MOST_PER_APPLICATION) return false;
      held.set(applicationId, waiting);
      waiting.add(request);
      setTimeout(() => {
        if (waiting.delete(request)) request.giveUp();
      }, holdMs).unref();
      return true;
    },
    /** A new table has come: all look again. */
    release(): void {
      const all = [...held.values()].flatMap((waiting) => [...waiting]);
      for (const waiting of held.values()) waiting.clear();
      held.clear();
      for (const request of all) request.retry();
    },
    size: (): number => [...held.values()].reduce((sum, { size }) => sum + size, 0),
  };
}
