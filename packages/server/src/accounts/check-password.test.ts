import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Database } from '../store/database.ts';
import { onSqlite } from '../testing/database.ts';
import { makeOwner } from '../testing/rows.ts';
import { setPasswordHash } from './account-store.ts';
import { createPasswordCheck } from './check-password.ts';
import { createTries } from './limit-tries.ts';
import { hashPassword } from './password.ts';

const email = 'ada@example.com';
const password = 'correct horse battery';

const LIMITS = { atAccount: 3, ofClient: 6, atOnce: 2 };

async function open(database: Database) {
  const { userId } = await makeOwner(database);
  const hash = await hashPassword(password);
  await database.transaction((tx) => setPasswordHash(tx, userId, hash));
  const clock = { now: 1_000_000 };
  const check = createPasswordCheck({ database, clock: () => clock.now }, LIMITS);
  return { check, clock, userId };
}

onSqlite('whoever tries wrong passwords locks out nobody but themselves', async (database) => {
  const { check, clock, userId } = await open(database);
  const wrong = { email, password: 'wrong', client: '198.51.100.1' };
  for (let tries = 0; tries < 3; tries += 1)
    await assert.rejects(check(wrong), { code: 'unauthenticated' });
  await assert.rejects(check({ ...wrong, password }), { code: 'too_many' });
  assert.equal((await check({ email, password, client: '198.51.100.2' })).id, userId);
  clock.now += 15 * 60_000;
  assert.equal((await check({ ...wrong, password })).id, userId);
});

onSqlite('a client has so many wrong tries at all accounts together', async (database) => {
  const { check, userId } = await open(database);
  const attempt = (number: number) =>
    check({ email: `user${number}@example.com`, password: 'wrong', client: '2001:db8::1' });
  for (let number = 0; number < 6; number += 2) {
    await Promise.all(
      [0, 1].map((more) => assert.rejects(attempt(number + more), { code: 'unauthenticated' })),
    );
  }
  const right = { email, password };
  await assert.rejects(check({ ...right, client: '2001:db8::ffff' }), { code: 'too_many' });
  assert.equal((await check({ ...right, client: '2001:db8:0:1::1' })).id, userId);
});

onSqlite(
  'a client has so many tries under way; what was never checked is no try',
  async (database) => {
    const { check } = await open(database);
    const wrong = { email, password: 'wrong' };
    const three = Array.from({ length: 3 }, () => check({ ...wrong, client: '198.51.100.1' }));
    const answers = await Promise.allSettled(three);
    const codes = answers.map((one) =>
      one.status === 'rejected' ? (one.reason as { code: string }).code : '',
    );
    assert.deepEqual(codes, ['unauthenticated', 'unauthenticated', 'too_many']);
  },
);

test('where too much is to be remembered the oldest goes, and nothing else', () => {
  const tries = createTries(() => 1, { most: 1, within: 10, remembered: 3 });
  for (const key of ['a', 'b', 'c', 'd']) assert.equal(tries.begin(key), true);
  assert.deepEqual(
    ['b', 'c', 'd'].map((key) => tries.begin(key)),
    [false, false, false],
  );
  assert.equal(tries.begin('a'), true);
});
