import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from './refusal.ts';
import { createShare } from './share.ts';

const of = (key: string, most = 2) => [{ key, most }];
const LONG = 60_000;

test('one who has all that is theirs waits, and others do not', async () => {
  const { take } = createShare({ total: 10, waitMs: LONG, what: 'things' });
  const [first] = [await take(of('a')), await take(of('a'))];
  const order: string[] = [];
  const third = take(of('a')).then(() => order.push('a'));
  const other = await take(of('b'));
  order.push('b');
  first();
  await third;
  assert.deepEqual(order, ['b', 'a']);
  other();
});

test('what was given back twice counts once', async () => {
  const { take } = createShare({ total: 1, waitMs: 1, what: 'things' });
  const release = await take(of('a'));
  release();
  release();
  await take(of('b'));
  await assert.rejects(take(of('c')), Refusal);
});

test('a refusal says whether it is for you or for all', async () => {
  const { take } = createShare({ total: 3, waitMs: 1, what: 'things' });
  await take(of('a'));
  await take(of('a'));
  await assert.rejects(take(of('a')), { code: 'too_many', message: /You have 2 things/ });
  await take(of('b'));
  await assert.rejects(take(of('b')), { code: 'unavailable', message: /serves 3 things/ });
});

test('who waits for one holder among several holds none of the others', async () => {
  const { take } = createShare({ total: 10, waitMs: LONG, what: 'things' });
  const release = await take(of('repository', 1));
  const waits = take([...of('user', 1), ...of('repository', 1)]);
  const mine = await take(of('user', 1));
  mine();
  release();
  await waits;
});

test('a queue is as long as its holder is large', async () => {
  const { take } = createShare({ total: 10, waitMs: LONG, what: 'things' });
  await take(of('a', 1));
  const gone = new AbortController();
  const waits = Array.from({ length: 8 }, () => take(of('a', 1), gone.signal));
  await assert.rejects(take(of('a', 1)), { code: 'too_many' });
  gone.abort(new Error('gone'));
  for (const wait of waits) await assert.rejects(wait, /gone/);
  await assert.rejects(take(of('a', 1), gone.signal), /gone/);
});
