import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCursor, encodeCursor, place, segmentOf } from './cursor.ts';

test('a cursor comes back as it was', () => {
  const cursor = new Map([
    ['deployment_1', [place(1, 20), 0, 0]],
    ['instance', [place(3, 5), place(64, 16_777_216), place(3, 7)]],
  ]);
  assert.deepEqual(decodeCursor(encodeCursor(cursor)), cursor);
});

test('a cursor is no number, which clients would take for a count', () => {
  assert.match(encodeCursor(new Map()), /^c[\w-]+$/);
});

test('a place knows its segment', () => {
  assert.equal(segmentOf(place(7, 16_777_216)), 7);
});

test('what is no cursor is none', () => {
  const wrong = [
    [['a', [-1]]],
    [['a', ['1']]],
    [['a']],
    [[1, [1]]],
    { a: 1 },
    null,
    [['a', [1.5]]],
  ];
  const texts = wrong.map((one) => `c${Buffer.from(JSON.stringify(one)).toString('base64url')}`);
  for (const text of ['', 'c', '12', 'c%%%', encodeCursor(new Map()).slice(1), ...texts])
    assert.equal(decodeCursor(text), undefined, text);
});
