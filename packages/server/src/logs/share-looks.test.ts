import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { silentLog } from '../testing/log.ts';
import { until } from '../testing/until.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { shareLooks } from './share-looks.ts';
import type { Stand } from './log-subject.ts';

/** A subject whose looks are counted, and a database that says when it was written. */
function openSubject() {
  const listeners = new Set<() => void>();
  const looks = shareLooks(
    {
      afterCommit(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    silentLog,
  );
  let stand: Stand = { sources: [] };
  const counted = { looks: 0, fail: false, gate: Promise.resolve() };
  const subject = {
    key: 'one',
    applicationId: 'app_1' as ApplicationId,
    async look() {
      counted.looks += 1;
      const found = stand;
      await counted.gate;
      if (counted.fail) throw new Error('the database is away');
      return found;
    },
  };
  return {
    counted,
    listeners,
    join: (changed: () => void = () => undefined) => looks.join(subject, changed),
    /** Commits; what is there changes with it where it is given. */
    commit(changed: Stand = stand): void {
      stand = changed;
      for (const listener of listeners) listener();
    },
  };
}

const settled = { sources: [], settled: { status: 'live', at: 1, toTheEnd: false } };

test('a hundred followers share a look, and nothing is read until something is committed', async () => {
  const { counted, join, commit } = openSubject();
  const told: number[] = [];
  const all = Array.from({ length: 100 }, (_, number) => join(() => told.push(number)));
  await Promise.all(all.map((look) => look.now()));
  for (const look of all) await look.now();
  assert.equal(counted.looks, 1);
  commit(settled);
  await until(() => told.length === 100);
  for (const look of all) assert.equal(await look.now(), settled);
  assert.equal(counted.looks, 2);
});

test('however many commits there are, there are few looks, and the last commit is seen', async () => {
  const { counted, join, commit } = openSubject();
  let told = false;
  const look = join(() => (told = true));
  await look.now();
  for (let count = 0; count < 1_000; count += 1) {
    commit();
    await nextTurn();
  }
  commit(settled);
  await until(() => told);
  assert.ok(counted.looks < 250, `${counted.looks} looks`);
});

test('who asks during a look that had begun before the last commit gets the next', async () => {
  const { counted, join, commit } = openSubject();
  const { promise, resolve } = Promise.withResolvers<void>();
  counted.gate = promise;
  const look = join();
  const before = look.now();
  commit(settled);
  const after = [look.now(), look.now()];
  resolve();
  assert.equal((await before).settled, undefined);
  assert.deepEqual(await Promise.all(after), [settled, settled]);
});

test('a look that fails is made again, though nothing else is committed', async () => {
  const { counted, join, commit } = openSubject();
  const told: number[] = [];
  await join(() => told.push(1)).now();
  counted.fail = true;
  commit(settled);
  await until(() => counted.looks === 2);
  counted.fail = false;
  await until(() => told.length === 1);
});

test('a look that fails is made again', async () => {
  const { counted, join, commit } = openSubject();
  let told = false;
  const look = join(() => (told = true));
  await look.now();
  counted.fail = true;
  commit(settled);
  await until(() => counted.looks === 2);
  await assert.rejects(look.now(), /away/);
  counted.fail = false;
  assert.equal(await look.now(), settled);
  assert.equal(told, true);
});

test('nobody listens to commits for those who left', async () => {
  const { counted, listeners, join, commit } = openSubject();
  const [one, other] = [join(), join()];
  await one.now();
  one.leave();
  assert.equal(listeners.size, 1);
  other.leave();
  assert.equal(listeners.size, 0);
  commit();
  assert.equal(counted.looks, 1);
});
