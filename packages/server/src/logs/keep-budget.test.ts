import assert from 'node:assert/strict';
import { globSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { keepLogBudget } from './keep-budget.ts';
import { planRemovals } from './plan-removals.ts';

const file = fc.record({
  path: fc.uuid(),
  bytes: fc.nat(100),
  modifiedAt: fc.nat(50),
  open: fc.boolean(),
});

test('what goes is the oldest, is written by nobody, and is no more than it takes', () => {
  fc.assert(
    fc.property(fc.array(file), fc.nat(1_000), (files, budget) => {
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

test('the logs of an application are kept to its budget, across its sources', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'grid-budget-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (path: string, modifiedAt: number): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), 'x'.repeat(100));
    utimesSync(join(folder, path), modifiedAt, modifiedAt);
  };
  write('running/00000001.log', 10);
  write('running/00000002.log', 11);
  write('ended/00000001.log', 12);
  write('ended/closed', 12);
  write('later/00000001.log', 13);
  write('later/closed', 13);
  await keepLogBudget(folder, 200);
  const left = globSync('*/*', { cwd: folder }).toSorted();
  const segments = ['later/00000001.log', 'running/00000002.log'];
  assert.deepEqual(left, ['ended/closed', 'later/closed', ...segments].toSorted());
  await keepLogBudget(join(folder, 'none'), 200);
});
