import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DAY } from '../lib/duration.ts';
import { orderByTurn, queueAt, turnAt } from './order.ts';

const entry = fc.record({
  ownerId: fc.constantFrom('orga_1', 'orga_2', 'orga_3'),
  came: fc.integer({ min: 0, max: 3 * DAY }),
  queueClass: fc.constantFrom('run', 'run', 'build', 'service'),
  priority: fc.constantFrom('low', 'normal', 'high'),
});

type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never;

const toWaiting = (one: Entry, index: number) => ({
  id: String(index).padStart(4, '0'),
  ownerId: one.ownerId,
  turnAt: turnAt(one.came, one.queueClass),
  queueAt: queueAt(one.came, one),
});

const entries = fc.array(entry, { maxLength: 40 });

test('a priority moves an owner’s things past one another, and nobody else’s', () => {
  fc.assert(
    fc.property(entries, (all) => {
      const waiting = all.map(toWaiting);
      const plain = all.map((one, index) => toWaiting({ ...one, priority: 'normal' }, index));
      const owners = (of: typeof waiting) => orderByTurn(of, of).map(({ ownerId }) => ownerId);
      assert.deepEqual(owners(waiting), owners(plain));
    }),
  );
});

test('everything has its turn once, an owner’s in the order that priorities say', () => {
  fc.assert(
    fc.property(entries, (all) => {
      const waiting = all.map(toWaiting);
      const ordered = orderByTurn(waiting, waiting);
      assert.deepEqual(
        ordered.map(({ id }) => id).toSorted(),
        waiting.map(({ id }) => id).toSorted(),
      );
      for (const own of Map.groupBy(ordered, ({ ownerId }) => ownerId).values()) {
        const places = own.map((one) => one.queueAt);
        assert.deepEqual(
          places,
          places.toSorted((a, b) => a - b),
        );
      }
    }),
  );
});

test('nothing waits for ever: what comes two days later, however urgent, is behind', () => {
  fc.assert(
    fc.property(entry, entries, (first, others) => {
      const run = toWaiting({ ...first, queueClass: 'run' }, 0);
      const later = others.map((one, index) =>
        toWaiting(
          { ...one, queueClass: 'run', came: first.came + 2 * DAY + 1 + one.came },
          index + 1,
        ),
      );
      assert.equal(orderByTurn([run, ...later], [run, ...later])[0]?.id, run.id);
    }),
  );
});

test('what serves, or is built to, goes ahead of every run', () => {
  const run = toWaiting({ ownerId: 'orga_1', came: 1, queueClass: 'run', priority: 'high' }, 0);
  const webapp = toWaiting(
    { ownerId: 'orga_2', came: DAY, queueClass: 'service', priority: 'low' },
    1,
  );
  assert.deepEqual(orderByTurn([run, webapp], [run, webapp]), [webapp, run]);
});
