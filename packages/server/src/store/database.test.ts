import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { onEachDatabase, onPostgres, onSqlite } from '../testing/database.ts';
import type { Database, Tx } from './database.ts';

onPostgres('connections that the server ends are opened again', async (database) => {
  const one = () => sql<{ one: number }>`select 1 as one, pg_sleep(0.01)`.execute(database.read);
  await Promise.all([one(), one(), one()]);
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(database.read);
  assert.equal((await one()).rows[0]?.one, 1);
});

const insert =
  (name: string, size = 1) =>
  (tx: Tx) =>
    sql`insert into notes (name, text) values (${name}, ${'x'.repeat(size)})`.execute(tx);

async function namesIn({ read }: Database): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from notes order by name`.execute(read);
  return rows.map(({ name }) => name);
}

const makeNotes = (database: Database) =>
  database.transaction((tx) =>
    sql`create table notes (name varchar(40) primary key, text text)`.execute(tx),
  );

onEachDatabase('of transactions that come together each fails for itself', async (database) => {
  await makeNotes(database);
  const fails = async (tx: Tx): Promise<void> => {
    await insert('not kept')(tx);
    throw new Error('no');
  };
  const ends = await Promise.allSettled([
    database.transaction(insert('first')),
    database.transaction(fails),
    database.transaction(insert('first')),
    database.transaction(insert('last')),
  ]);
  const [one, failing, other, last] = ends.map(({ status }) => status);
  assert.deepEqual([failing, last], ['rejected', 'fulfilled']);
  assert.deepEqual(new Set([one, other]), new Set(['fulfilled', 'rejected']));
  assert.deepEqual(await namesIn(database), ['first', 'last']);
});

onEachDatabase('of transactions that wait for each other none fails', async (database) => {
  await makeNotes(database);
  await database.transaction(insert('a'));
  await database.transaction(insert('b'));
  const touch = (tx: Tx, name: string) =>
    sql`update notes set text = text || '!' where name = ${name}`.execute(tx);
  const both = Promise.withResolvers<void>();
  let begun = 0;
  const cross = (first: string, second: string) =>
    database.transaction(async (tx) => {
      await touch(tx, first);
      begun += 1;
      if (begun === 2 || database.kind === 'sqlite') both.resolve();
      await both.promise;
      await touch(tx, second);
    });
  await Promise.all([cross('a', 'b'), cross('b', 'a')]);
  const { rows } = await sql<{ text: string }>`select text from notes`.execute(database.read);
  assert.deepEqual(
    rows.map(({ text }) => text),
    ['x!!', 'x!!'],
  );
});

onSqlite(
  'a disk that is full fails whatever it cannot keep, and nothing else',
  async (database) => {
    await makeNotes(database);
    await database.transaction((tx) => sql`pragma max_page_count = 400`.execute(tx));
    const ends = await Promise.allSettled([
      database.transaction(insert('a')),
      database.transaction(insert('too much', 4_000_000)),
      database.transaction(insert('b')),
    ]);
    const kept = ['a', 'too much', 'b'].filter((_, index) => ends[index]?.status === 'fulfilled');
    assert.equal(ends[1]?.status, 'rejected');
    assert.deepEqual(await namesIn(database), kept);
    await database.transaction(insert('c'));
    assert.deepEqual(await namesIn(database), [...kept, 'c']);
  },
);

onSqlite('transactions that come together are committed once', async (database, t) => {
  await makeNotes(database);
  const exec = t.mock.method(DatabaseSync.prototype, 'exec');
  await Promise.all(['a', 'b', 'c'].map((name) => database.transaction(insert(name))));
  const commits = exec.mock.calls.filter(({ arguments: [statement] }) => statement === 'commit');
  assert.equal(commits.length, 1);
});
