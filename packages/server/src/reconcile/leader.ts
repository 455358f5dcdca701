import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import type { Database, HeldLock } from '../store/database.ts';
import { takeEpoch } from './reconciliation-store.ts';

export type Leadership = {
  epoch: number;
  /** Aborts where the leadership ends by itself: the database let go of the lock. */
  lost: AbortSignal;
  resign(): Promise<void>;
};

/** The advisory lock's number on PostgreSQL: ours by agreement with ourselves. */
const LOCK = 0x67726964;

/**
 * Becomes the one leader, or undefined where another process is it until the signal aborts. The lock
 * goes with the process, however it ends; a new leader's epoch voids all older claims.
 */
export async function becomeLeader(
  database: Database,
  lockFile: string,
  signal: AbortSignal,
): Promise<Leadership | undefined> {
  const lock = () => database.advisoryLock?.(LOCK) ?? lockWithFile(lockFile);
  for (;;) {
    const held = await lock();
    if (held !== undefined) {
      const epoch = await database.transaction(takeEpoch);
      return { epoch, lost: held.lost, resign: held.release };
    }
    if (signal.aborted) return undefined;
    await wait(250, undefined, { signal }).catch(() => undefined);
  }
}

/** An open exclusive transaction: the kernel lets go of it when the process dies. */
function lockWithFile(path: string): HeldLock | undefined {
  const file = new DatabaseSync(path);
  try {
    file.exec('begin exclusive');
    return { lost: new AbortController().signal, release: async () => file.close() };
  } catch (error) {
    file.close();
    if (error instanceof Error && error.message.includes('locked')) return undefined;
    throw error;
  }
}
