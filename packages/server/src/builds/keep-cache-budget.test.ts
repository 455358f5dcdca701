import assert from 'node:assert/strict';
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { keepCacheBudget } from './keep-cache-budget.ts';

const KIB = 1024;

test('a cache is kept to its budget, the oldest packages first, each whole or not at all', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'grid-cache-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (path: string, at: number): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), 'x'.repeat(100 * KIB));
    for (let one = path; one !== '.'; one = dirname(one)) utimesSync(join(folder, one), at, at);
  };
  write('uv/archive-v0/newest/module.py', 30);
  write('uv/archive-v0/oldest/module.py', 10);
  write('uv/archive-v0/oldest/module/deeper/more.py', 10);
  write('pip/selfcheck.json', 20);
  symlinkSync('/usr', join(folder, 'uv', 'system'));
  const left = (): string[] => globSync('*/{*.json,*/*/**/*.py}', { cwd: folder }).toSorted();

  await keepCacheBudget(folder, 500 * KIB);
  assert.equal(left().length, 4);
  await keepCacheBudget(folder, 380 * KIB);
  assert.deepEqual(left(), ['pip/selfcheck.json', 'uv/archive-v0/newest/module.py']);
  await keepCacheBudget(join(folder, 'none'), 0);
});

test('a link in the place of a cache’s folder leads nowhere, whatever the budget', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'grid-cache-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [cache, beside] = [join(folder, 'cache'), join(folder, 'beside')];
  mkdirSync(join(beside, 'a', 'b', 'c'), { recursive: true });
  writeFileSync(join(beside, 'a', 'b', 'c', 'precious'), 'x'.repeat(100 * KIB));
  const links = { uv: '../beside', 'pip/http': '../../beside/a', 'hf/hub/model': '/usr' };
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(join(cache, dirname(path)), { recursive: true });
    symlinkSync(target, join(cache, path));
  }
  await keepCacheBudget(cache, -1);
  assert.deepEqual(globSync('**/*', { cwd: cache }).toSorted(), ['hf', 'hf/hub', 'pip']);
  assert.deepEqual(globSync('**/precious', { cwd: beside }), ['a/b/c/precious']);
});

test('a cache with no end of folders is removed whole', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'grid-cache-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'cache', ...Array<string>(300).fill('d')), { recursive: true });
  await keepCacheBudget(join(folder, 'cache'), 500 * KIB);
  assert.deepEqual(globSync('*', { cwd: folder }), []);
});
