import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGate } from './gate.ts';

test('so many run at once, so many wait in order, and the rest is refused at once', async () => {
  const gate = createGate({ atOnce: 2, waiting: 2 });
  const begun: number[] = [];
  const finish: (() => void)[] = [];
  const work = (number: number) =>
    gate(() => {
      begun.push(number);
      return new Promise<number>((resolve) => finish.push(() => resolve(number)));
    });
  const all = [1, 2, 3, 4].map(work);
  await assert.rejects(work(5), { code: 'busy' });
  assert.deepEqual(begun, [1, 2]);
  for (const number of [1, 2, 3, 4]) {
    finish[number - 1]?.();
    assert.equal(await all[number - 1], number);
  }
  assert.deepEqual(begun, [1, 2, 3, 4]);
});

test('work that fails gives its place back', async () => {
  const gate = createGate({ atOnce: 1, waiting: 0 });
  await assert.rejects(
    gate(() => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(await gate(async () => 1), 1);
});
