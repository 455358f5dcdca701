import type { Database } from '../store/database.ts';
import { selectPosition, selectSince } from './event-store.ts';
import type { AnyEvent } from './event.ts';

/**
 * What is committed from now on, in the order of the commits, until it is aborted. The answer is there
 * when "now" is settled; it throws where the database does not answer.
 */
export async function followEvents(
  database: Database,
  signal: AbortSignal,
): Promise<AsyncGenerator<readonly AnyEvent[]>> {
  return readOn(database, { position: await selectPosition(database), signal });
}

async function* readOn(
  database: Database,
  { position: start, signal }: { position: string; signal: AbortSignal },
): AsyncGenerator<readonly AnyEvent[]> {
  const news = hearOf(database, signal);
  let position = start;
  try {
    while (!signal.aborted) {
      const found = await selectSince(database, position);
      position = found.position;
      if (found.events.length > 0) yield found.events;
      await news.come();
    }
  } finally {
    news.close();
  }
}

/** Waits for commits; those that come while nobody waits count too. */
function hearOf(database: Database, signal: AbortSignal) {
  let waiting = Promise.withResolvers<void>();
  const ring = (): void => waiting.resolve();
  const unsubscribe = database.afterCommit(ring);
  signal.addEventListener('abort', ring, { once: true });
  return {
    async come(): Promise<void> {
      await waiting.promise;
      if (!signal.aborted) waiting = Promise.withResolvers();
    },
    close(): void {
      unsubscribe();
      signal.removeEventListener('abort', ring);
    },
  };
}
