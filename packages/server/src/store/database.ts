import { AsyncLocalStorage } from 'node:async_hooks';
import { Kysely, PostgresDialect } from 'kysely';
import type { KyselyPlugin, Transaction } from 'kysely';
import pg from 'pg';
import { PostgresCompiler, rows } from './columns.ts';
import type { Schema } from './schema.ts';
import { openSqlite } from './sqlite.ts';

export type Tx = Transaction<Schema>;

/** What queries are read by, in a transaction or outside of any; nothing can be written by it. */
export type Reader = Pick<Kysely<Schema>, 'selectFrom' | 'getExecutor'>;

/** The state: read freely, written in transactions. */
export type Database = {
  readonly kind: 'sqlite' | 'postgres';
  /** Outside a transaction; on SQLite a connection that cannot write. */
  readonly read: Reader;
  /**
   * Runs `work` in one transaction, the only way to write. Nothing may be awaited in it but its own
   * queries; a transaction within a transaction is refused, since it could never begin.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Calls back after each commit, until the answer is called. */
  afterCommit(listener: () => void): () => void;
  /** PostgreSQL's advisory lock of this number, or undefined where another process holds it. */
  readonly advisoryLock: ((key: number) => Promise<HeldLock | undefined>) | undefined;
  close(): Promise<void>;
};

/** A lock that goes with its process, or with what it hangs on: `lost` says when. */
export type HeldLock = { lost: AbortSignal; release(): Promise<void> };

/**
 * What a process's life hangs on: it can be cut off before and after any commit. Where one of these throws, whoever
 * asks learns that and nothing else.
 */
export type Life = {
  /** Before anything is asked of the database. */
  requireAlive(): void;
  /** Before what was written is committed: where it throws, nothing is. */
  committing(): void;
  /** After each commit, before anybody hears of it. */
  committed(): void;
};

/** Opens SQLite at `path`, or PostgreSQL at `url`. The tables are made by `migrate`. */
export const openDatabase = (at: { path: string } | { url: string }, life?: Life): Database =>
  'url' in at ? openPostgres(at.url, life) : database('sqlite', openSqlite<Schema>(at.path), life);

/** Their numbers, not their names: those that the library does not know are asked for too. */
const getTypeParser = pg.types.getTypeParser as (
  oid: number,
  format?: 'text' | 'binary',
) => unknown;

/** int8 and numeric come as text by default; ours all fit a JavaScript number. */
const NUMBERS = [20, 1700];

class Dialect extends PostgresDialect {
  override createQueryCompiler(): PostgresCompiler {
    return new PostgresCompiler();
  }
}

function openPostgres(url: string, life: Life | undefined): Database {
  const types = {
    getTypeParser: (oid: number, format?: 'text' | 'binary') =>
      NUMBERS.includes(oid) ? Number : getTypeParser(oid, format),
  };
  const pool = new pg.Pool({ connectionString: url, max: 10, types });
  // A connection that breaks while nothing is asked on it: the next query opens another, or says why not.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const db = new Kysely<Schema>({ dialect: new Dialect({ pool }), plugins: [rows] });
  const handles: Handles = { read: db, write: db, exclusive: (work) => beginAgain(work) };
  return {
    ...database('postgres', handles, life),
    advisoryLock: (key) => lockWithAdvice(pool, key),
  };
}

/** As often in a row is one transaction given up, until it fails. */
const MOST_DEADLOCKS = 10;

/** Of transactions that wait for each other PostgreSQL gives up one. It has done nothing yet: it begins again. */
async function beginAgain<T>(work: () => Promise<T>, givenUp = 0): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isDeadlock = error instanceof pg.DatabaseError && error.code === '40P01';
    if (!isDeadlock || givenUp >= MOST_DEADLOCKS) throw error;
    return beginAgain(work, givenUp + 1);
  }
}

/** Held by a connection of its own, and lost with it. */
async function lockWithAdvice(pool: pg.Pool, key: number): Promise<HeldLock | undefined> {
  const client = await pool.connect();
  const question = 'select pg_try_advisory_lock($1) as held';
  const { rows } = await client.query<{ held: boolean }>(question, [key]);
  if (rows[0]?.held !== true) {
    client.release();
    return undefined;
  }
  const lost = new AbortController();
  const end = (): void => {
    lost.abort();
    client.release(true);
  };
  client.once('end', end);
  return {
    lost: lost.signal,
    async release() {
      if (lost.signal.aborted) return;
      client.off('end', end);
      await client.query('select pg_advisory_unlock($1)', [key]);
      client.release();
    },
  };
}

type Handles = {
  read: Kysely<Schema>;
  write: Kysely<Schema>;
  /** Runs one after the other what must not overlap. */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
};

function database(
  kind: Database['kind'],
  { read, write, exclusive }: Handles,
  life: Life | undefined,
): Database {
  const listeners = new Set<() => void>();
  const inside = new AsyncLocalStorage<true>();
  return {
    kind,
    read: life === undefined ? read : read.withPlugin(hangOn(life)),
    async transaction(work) {
      life?.requireAlive();
      if (inside.getStore() === true)
        throw new Error('a transaction was begun inside a transaction: pass `tx` on instead');
      const answer = await exclusive(() =>
        write.transaction().execute(async (tx) => {
          const made = await inside.run(true, () => work(tx));
          life?.committing();
          return made;
        }),
      );
      life?.committed();
      for (const listener of listeners) listener();
      return answer;
    },
    afterCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    advisoryLock: undefined,
    async close() {
      await write.destroy();
      if (read !== write) await read.destroy();
    },
  };
}

const hangOn = (life: Life): KyselyPlugin => ({
  transformQuery({ node }) {
    life.requireAlive();
    return node;
  },
  transformResult: async ({ result }) => result,
});
