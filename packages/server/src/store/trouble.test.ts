import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql } from 'kysely';
import { need } from '../testing/need.ts';
import { hasPostgres, startPostgres } from '../testing/postgres.ts';
import { openDatabase } from './database.ts';
import { migrate } from './migrate.ts';
import { troubleOf } from './trouble.ts';

test('a database that has no room left is known by its error', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'grid-full-'));
  const database = openDatabase({ path: join(folder, 'grid.db') });
  t.after(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await migrate(database, { now: 1 });
  const fill = database.transaction(async (tx) => {
    await sql`pragma max_page_count = 1`.execute(tx);
    for (let at = 0; at < 1_000; at += 1)
      await sql`insert into claim_tokens values (${`${at}`.padEnd(500)}, 1, null)`.execute(tx);
  });
  const error = await fill.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  assert.match(troubleOf(error) ?? String(error), /disk of the platform is full/);
});

test('a database server that is away is known by its error', async (t) => {
  if (!need(t, hasPostgres(), 'PostgreSQL (apt-get install postgresql)')) return;
  const postgres = await startPostgres();
  t.after(() => postgres.remove());
  const database = openDatabase({ url: postgres.url });
  t.after(() => database.close());
  await sql`select 1`.execute(database.read);
  await postgres.stop();
  for (let tries = 0; tries < 2; tries += 1) {
    const error = await sql`select 1`.execute(database.read).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    assert.match(troubleOf(error) ?? '', /database of the platform does not answer/);
  }
});

test('of transactions that wait for each other one begins again, and both are done', async (t) => {
  if (!need(t, hasPostgres(), 'PostgreSQL (apt-get install postgresql)')) return;
  const postgres = await startPostgres();
  t.after(() => postgres.remove());
  const database = openDatabase({ url: postgres.url });
  t.after(() => database.close());
  await sql`create table pairs (id int primary key)`.execute(database.read);
  await sql`insert into pairs values (1), (2)`.execute(database.read);
  const both = Promise.withResolvers<void>();
  let holding = 0;
  const take = (first: number, second: number) =>
    database.transaction(async (tx) => {
      await sql`select * from pairs where id = ${first} for update`.execute(tx);
      holding += 1;
      if (holding === 2) both.resolve();
      await both.promise;
      await sql`select * from pairs where id = ${second} for update`.execute(tx);
    });
  await Promise.all([take(1, 2), take(2, 1)]);
  assert.equal(holding, 3);
});

test('who was given up too often is told to try again', () => {
  const deadlock = Object.assign(new Error('deadlock detected'), { code: '40P01' });
  assert.equal(troubleOf(deadlock), 'The platform is busy: try again in a moment.');
});

test('errors of our own are nobody else’s trouble', () => {
  assert.equal(troubleOf(new TypeError('x is not a function')), undefined);
  assert.equal(troubleOf('no error'), undefined);
});
