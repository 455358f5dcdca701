import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { planRemovals } from './plan-removals.ts';

const stored = fc.record({
  path: fc.uuid(),
  bytes: fc.nat(100),
  modifiedAt: fc.nat(50),
  open: fc.boolean(),
});

test('what goes is the oldest, is written by nobody, and is no more than it takes', () => {
  fc.assert(
    fc.property(fc.array(stored), fc.nat(1_000), (files, budget) => {
      const removed = planRemovals(files, budget);
      const size = (some: typeof files): number => some.reduce((sum, { bytes }) => sum + bytes, 0);
      const kept = files.filter((one) => !removed.includes(one));
      const newest = removed.at(-1);
      assert.ok(removed.every(({ open }) => !open));
      assert.ok(size(kept) <= budget || kept.every(({ open }) => open));
      if (newest === undefined) return;
      assert.ok(size(kept) + newest.bytes > budget);
      assert.ok(kept.every(({ open, modifiedAt }) => open || modifiedAt >= newest.modifiedAt));
    }),
  );
});
