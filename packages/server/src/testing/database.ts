import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import pg from 'pg';
import { openDatabase } from '../store/database.ts';
import type { Database } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { frailLife } from './life.ts';
import type { FrailLife } from './life.ts';
import { need } from './need.ts';
import { hasPostgres, startPostgres } from './postgres.ts';
import type { Postgres } from './postgres.ts';

/** A database of a test, whose process can be killed. */
export type TestDatabase = Database & { life: FrailLife };

type Run = (database: TestDatabase, t: TestContext) => Promise<void>;

function openFrail(at: Parameters<typeof openDatabase>[0]): TestDatabase {
  const life = frailLife();
  return { ...openDatabase(at, life), life };
}

/** Runs a test on SQLite, where it is not the database that is tried. */
export function onSqlite(name: string, run: Run): void {
  test(name, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'grid-test-'));
    const database = openFrail({ path: join(folder, 'grid.db') });
    try {
      await migrate(database, { now: 1 });
      await run(database, t);
    } finally {
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** Runs a test on SQLite and on a real PostgreSQL, each with tables of its own. */
export function onEachDatabase(name: string, run: Run): void {
  onSqlite(`${name} (SQLite)`, run);
  onPostgres(`${name} (PostgreSQL)`, run);
}

/** Runs a test on PostgreSQL, where SQLite has nothing to try. */
export function onPostgres(name: string, run: Run): void {
  test(name, async (t) => {
    if (!need(t, hasPostgres(), 'PostgreSQL (apt-get install postgresql)')) return;
    server ??= startPostgres();
    const url = await createDatabase(await server);
    const database = openFrail({ url });
    try {
      await migrate(database, { now: 1 });
      await run(database, t);
    } finally {
      await database.close();
    }
  });
}

let server: Promise<Postgres> | undefined;
let databases = 0;

after(async () => {
  await (await server)?.remove();
});

async function createDatabase({ url }: Postgres): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  databases += 1;
  const name = `test_${process.pid}_${databases}`;
  await client.query(`create database ${name}`);
  await client.end();
  return url.replace('/postgres?', `/${name}?`);
}
