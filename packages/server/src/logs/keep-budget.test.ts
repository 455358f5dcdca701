import assert from 'node:assert/strict';
import { globSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { keepLogBudget } from './keep-budget.ts';

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
