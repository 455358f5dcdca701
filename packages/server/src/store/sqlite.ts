import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { CompiledQuery, Kysely, SqliteDialect, SqliteDriver } from 'kysely';
import type { DatabaseConnection, SqliteDatabase, SqliteStatement } from 'kysely';
import { SqliteCompiler, rows } from './columns.ts';
import { groupCommits } from './group-commit.ts';

/** Transactions are steps within the one of their group, which begins and commits around them. */
class StepDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('savepoint step'));
  }

  override async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('release step'));
  }

  /** Where the whole transaction is gone there is no step to go back to; the error that ended it counts. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(CompiledQuery.raw('rollback to step'));
      await connection.executeQuery(CompiledQuery.raw('release step'));
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('no such savepoint'))) throw error;
    }
  }
}

class Dialect extends SqliteDialect {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    super({ database });
    this.#database = database;
  }

  override createDriver(): SqliteDriver {
    return new StepDriver({ database: this.#database });
  }

  override createQueryCompiler(): SqliteCompiler {
    return new SqliteCompiler();
  }
}

/** Durable at each commit: a write-ahead log, synced. It waits from the first look at the file on. */
const WRITER = `
  pragma busy_timeout = 5000;
  pragma journal_mode = wal;
  pragma synchronous = full;
  pragma foreign_keys = on;
`;

/** One connection that writes, one that reads: readers see whole transactions and block nobody. */
export function openSqlite<Schema>(path: string) {
  const writer = new DatabaseSync(path);
  writer.exec(WRITER);
  const reader = new DatabaseSync(path);
  reader.exec('pragma busy_timeout = 5000; pragma query_only = on;');
  return {
    write: new Kysely<Schema>({ dialect: new Dialect(adapt(writer)), plugins: [rows] }),
    read: new Kysely<Schema>({ dialect: new Dialect(adapt(reader)), plugins: [rows] }),
    exclusive: groupCommits(writer),
  };
}

const CACHED_STATEMENTS = 300;

/** `node:sqlite` in the shape that Kysely asks for, with its statements kept. */
function adapt(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(sql) {
      const known = statements.get(sql);
      if (known !== undefined) return known;
      const statement = adaptStatement(database.prepare(sql));
      if (statements.size >= CACHED_STATEMENTS) statements.clear();
      statements.set(sql, statement);
      return statement;
    },
  };
}

const adaptStatement = (statement: StatementSync): SqliteStatement => ({
  reader: statement.columns().length > 0,
  all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
  run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
  iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
});
