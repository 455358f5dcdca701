import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fateOf } from './kept-paths.ts';
import { pruneTree } from './prune-tree.ts';

test('what is left out goes with all that is below it, and nothing beside it', () => {
  const kept = { only: undefined, except: ['data/raw'] };
  const fates = ['data', 'data/raw', 'data/raw/x', 'data/rawer', 'main.py'].map((path) =>
    fateOf(kept, path),
  );
  assert.deepEqual(fates, ['look_inside', 'drop', 'drop', 'keep', 'keep']);
});

test('where only some paths are kept everything else goes', () => {
  const kept = { only: ['a/b', 'main.py'], except: ['a/b/tmp'] };
  const fates = ['a', 'a/b', 'a/b/c', 'a/b/tmp', 'a/x', 'main.py', 'z'].map((path) =>
    fateOf(kept, path),
  );
  assert.deepEqual(fates, ['look_inside', 'look_inside', 'keep', 'drop', 'drop', 'keep', 'drop']);
});

test('names are compared as bytes', async (t) => {
  const tree = await mkdtemp(join(tmpdir(), 'grid-prune-'));
  t.after(() => rm(tree, { recursive: true }));
  const at = (name: string): Buffer => Buffer.from(`${tree}/${name}`, 'latin1');
  await mkdir(at('d\xe9p'));
  for (const name of ['d\xe9p/f1', 'd\xe9p/f2']) await writeFile(at(name), '');
  await mkdir(join(tree, 'été'));
  await writeFile(join(tree, 'été', 'x'), '');
  await pruneTree(tree, '', { only: undefined, except: ['d\ufffdp', 'été/x'] });
  assert.deepEqual((await readdir(at('d\xe9p'), 'latin1')).toSorted(), ['f1', 'f2']);
  assert.deepEqual(await readdir(join(tree, 'été')), []);
});

test('a link is removed, never what it leads to', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'grid-prune-'));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'outside'));
  await writeFile(join(folder, 'outside', 'precious'), '');
  await mkdir(join(folder, 'tree'));
  await symlink('../outside', join(folder, 'tree', 'link'));
  await pruneTree(join(folder, 'tree'), '', { only: undefined, except: ['link/precious'] });
  await pruneTree(join(folder, 'tree'), '', { only: ['main.py'], except: [] });
  assert.deepEqual(await readdir(join(folder, 'tree')), []);
  assert.deepEqual(await readdir(join(folder, 'outside')), ['precious']);
});

test('where a link came in the place of the folder nothing is removed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'grid-prune-'));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'outside', 'in'), { recursive: true });
  await mkdir(join(folder, 'tree', 'a'), { recursive: true });
  await symlink('../outside', join(folder, 'tree', 'sub'));
  await symlink('../../outside', join(folder, 'tree', 'a', 'b'));
  for (const way of ['sub', 'sub/in', 'a/b', 'a/b/in'])
    await pruneTree(join(folder, 'tree'), way, { only: ['main.py'], except: [] });
  assert.deepEqual(await readdir(join(folder, 'outside')), ['in']);
});
