import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import pg from 'pg';
import { migrate } from '../store/migrate.ts';
import { openFrail } from './life.ts';
import type { FrailDatabase } from './life.ts';
import { need } from './need.ts';
import { hasPostgres, startPostgres } from './postgres.ts';
import type { Postgres } from './postgres.ts';

type Run = (database: FrailDatabase, t: TestContext) => Promise<void>;

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
