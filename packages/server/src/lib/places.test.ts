import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createPlaces } from './places.ts';

test('who has theirs is told so, and others are not concerned', () => {
  const { take } = createPlaces({ total: 3, each: 2, what: 'streams' });
  const leave = take('a');
  take('a');
  assert.throws(() => take('a'), { code: 'too_many', message: /^You have 2 streams open/ });
  take('b');
  assert.throws(() => take('c'), { code: 'unavailable', message: /^The platform has 3 streams/ });
  leave();
  leave();
  take('c');
  assert.throws(() => take('d'), { code: 'unavailable' });
});

test('whoever comes and goes, there are never more than so many, and at last none', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.boolean())), (steps) => {
      const { take } = createPlaces({ total: 5, each: 2, what: 'streams' });
      const open: { key: number; leave: () => void }[] = [];
      for (const [key, enters] of steps) {
        const own = open.filter((one) => one.key === key);
        const full = own.length === 2 || open.length === 5;
        if (!enters) {
          const [last] = open.splice(open.findIndex((one) => one === own[0]) >>> 0, 1);
          last?.leave();
        } else if (full) assert.throws(() => take(String(key)));
        else open.push({ key, leave: take(String(key)) });
      }
      for (const { leave } of open) leave();
      for (const key of ['a', 'a', 'b', 'b', 'c']) take(key);
    }),
  );
});
