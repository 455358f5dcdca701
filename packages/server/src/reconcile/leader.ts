import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Database } from '../store/database.ts';
import { takeEpoch } from './reconciliation-store.ts';

export type Leadership = { epoch: number; resign(): Promise<void> };

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
  const lock = database.kind === 'sqlite' ? lockWithFile(lockFile) : lockWithAdvice(database);
  for (;;) {
    const unlock = await lock();
    if (unlock !== undefined) {
      const epoch = await database.transaction(takeEpoch);
      return { epoch, resign: unlock };
    }
    if (signal.aborted) return undefined;
    await wait(250, undefined, { signal }).catch(() => undefined);
  }
}

type Lock = () => Promise<(() => Promise<void>) | undefined>;

/** An open exclusive transaction: the kernel lets go of it when the process dies. */
const lockWithFile =
  (path: string): Lock =>
  async () => {
    const file = new DatabaseSync(path);
    try {
      file.exec('begin exclusive');
      return async () => file.close();
    } catch (error) {
      file.close();
      if (error instanceof Error && error.message.includes('locked')) return undefined;
      throw error;
    }
  };

const lockWithAdvice =
  (database: Database): Lock =>
  async () => {
    const held = Promise.withResolvers<boolean>();
    const resigned = Promise.withResolvers<void>();
    const session = database.read.connection().execute(async (connection) => {
      const { rows } = await sql<{ held: boolean }>`
        select pg_try_advisory_lock(${LOCK}) as held`.execute(connection);
      held.resolve(rows[0]?.held === true);
      if (rows[0]?.held !== true) return;
      await resigned.promise;
      await sql`select pg_advisory_unlock(${LOCK})`.execute(connection);
    });
    session.catch(held.reject);
    if (!(await held.promise)) return undefined;
    return async () => {
      resigned.resolve();
      await session;
    };
  };
