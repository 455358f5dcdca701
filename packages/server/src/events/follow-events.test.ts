import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { sql } from 'kysely';
import { newId } from '../lib/ids.ts';
import type { Database, Tx } from '../store/database.ts';
import { onEachDatabase, onPostgres } from '../testing/database.ts';
import { PLATFORM } from './actor.ts';
import { appendEvent } from './append.ts';
import { followEvents } from './follow-events.ts';

const ownerId = newId('organization');

/** An event that is known again by what it is about. */
const append = (tx: Tx, subjectId: string): Promise<void> =>
  appendEvent(tx, { kind: 'limit.unset', subjectId, ownerId, ...rest });

const rest = { applicationId: null, by: PLATFORM, at: 1, data: {} } as const;

const record = (database: Database, subjectId: string): Promise<void> =>
  database.transaction((tx) => append(tx, subjectId));

/** A follower, and what comes to it next. */
async function follow(database: Database, t: TestContext) {
  const leaving = new AbortController();
  const batches = await followEvents(database, leaving.signal);
  t.after(() => leaving.abort());
  const waiting: string[] = [];
  return {
    leave: () => leaving.abort(),
    async next(): Promise<string> {
      while (waiting.length === 0) {
        const { value, done } = await batches.next();
        assert.ok(done !== true, 'it ended');
        waiting.push(...value.map(({ subjectId }) => subjectId));
      }
      return waiting.shift() ?? '';
    },
    ended: async () => (await batches.next()).done,
  };
}

/** A transaction that has written its event and not yet committed it. */
async function begin(database: Database, subjectId: string) {
  const written = Promise.withResolvers<void>();
  const ending = Promise.withResolvers<'commit' | 'roll back'>();
  const over = database.transaction(async (tx) => {
    await append(tx, subjectId);
    written.resolve();
    if ((await ending.promise) === 'roll back') throw new Error('rolled back');
  });
  await written.promise;
  return {
    async commit(): Promise<void> {
      ending.resolve('commit');
      await over;
    },
    async rollBack(): Promise<void> {
      ending.resolve('roll back');
      await assert.rejects(over, /rolled back/);
    },
  };
}

onEachDatabase('a follower hears what is committed from now on, each once', async (database, t) => {
  await record(database, 'before');
  const one = await follow(database, t);
  await record(database, 'first');
  assert.equal(await one.next(), 'first');
  const two = await follow(database, t);
  const undone = database.transaction(async (tx) => {
    await append(tx, 'undone');
    throw new Error('rolled back');
  });
  await assert.rejects(undone);
  const coming = one.next();
  await record(database, 'second');
  await record(database, 'third');
  assert.deepEqual([await coming, await one.next()], ['second', 'third']);
  assert.deepEqual([await two.next(), await two.next()], ['second', 'third']);
  one.leave();
  assert.equal(await one.ended(), true);
});

onPostgres(
  'an event whose transaction began earlier and ended later is heard all the same',
  async (database, t) => {
    const early = await begin(database, 'early');
    const follower = await follow(database, t);
    const slow = await begin(database, 'slow');
    const abandoned = await begin(database, 'abandoned');
    await record(database, 'quick');
    assert.equal(await follower.next(), 'quick');
    await slow.commit();
    assert.equal(await follower.next(), 'slow');
    await abandoned.rollBack();
    await record(database, 'next');
    assert.equal(await follower.next(), 'next');
    await early.commit();
    assert.equal(await follower.next(), 'early');
    await record(database, 'last');
    assert.equal(await follower.next(), 'last');
  },
);

onPostgres(
  'events of a restored dump are old whatever transaction they name',
  async (database, t) => {
    const follower = await follow(database, t);
    const burn = () => sql`select pg_current_xact_id()`.execute(database.read);
    await sql`insert into events
        (owner_id, kind, subject_kind, subject_id, actor_kind, at, data, transaction_id)
      select 'orga_1', 'limit.unset', 'limit', 'restored', 'platform', 1, '{}', (pg_current_xact_id()::text::bigint + ahead)::text::xid8
      from generate_series(1, 9) ahead`.execute(database.read);
    for (let count = 0; count < 5; count += 1) await burn();
    await record(database, 'new');
    assert.equal(await follower.next(), 'new');
    for (let count = 0; count < 5; count += 1) await burn();
    await record(database, 'newer');
    assert.equal(await follower.next(), 'newer');
  },
);

onEachDatabase('a follower is told when the database is gone', async (database, t) => {
  const follower = await follow(database, t);
  await record(database, 'one');
  assert.equal(await follower.next(), 'one');
  const coming = assert.rejects(follower.next());
  await database.transaction((tx) => sql`drop table events`.execute(tx));
  await coming;
});
