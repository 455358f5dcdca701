import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { treeOf } from '../testing/tree-of.ts';
import { readFact, refuseFolder } from './read-tree.ts';

test('the folder of the application is a folder of the tree', async (t) => {
  const root = await treeOf(t, { 'real/main.py': '', link: '-> real', out: '-> /etc' });
  const told = async (folder: string) => (await refuseFolder(root, folder, 'there'))?.reason;
  const folders = ['', 'real', 'link', 'out', 'out/ssl', 'none', 'real/main.py'];
  assert.deepEqual(await Promise.all(folders.map(told)), [
    undefined,
    undefined,
    undefined,
    'invalid_repository',
    'invalid_repository',
    'missing_file',
    'missing_file',
  ]);
});

test('what is to be started is a file, is missing, or is something else', async (t) => {
  const root = await treeOf(t, { 'main.py': '', 'dir/x': '', link: '-> main.py', dead: '-> no' });
  await chmod(join(root, 'main.py'), 0o755);
  assert.deepEqual(await readFact(root, '', 'link'), {
    kind: 'file',
    executable: true,
    beside: [],
  });
  assert.equal((await readFact(root, '', 'dir')).kind, 'other');
  assert.equal((await readFact(root, '', 'dead')).kind, 'missing');
  assert.deepEqual((await readFact(root, '', 'mian.py')).beside, ['main.py']);
});

test('where a link leads out of the tree, neither what is there nor what is beside it is told', async (t) => {
  const root = await treeOf(t, { 'sub/main.py': '', out: '-> /etc', 'deep/out': '-> ../../..' });
  for (const [folder, path] of [
    ['out', 'hostname.conf'],
    ['', 'out/x.conf'],
    ['deep', 'out/x.conf'],
    ['sub', '../../x'],
  ] as const)
    assert.deepEqual(await readFact(root, folder, path), {
      kind: 'outside',
      executable: false,
      beside: [],
    });
});

test('a Dockerfile of another name is of its kind; folders are not', async (t) => {
  const root = await treeOf(t, { 'Dockerfile.gpu': '', Makefile: '', 'src/x': '', 'main.py': '' });
  assert.deepEqual((await readFact(root, '', 'Dockerfile')).beside, ['Dockerfile.gpu', 'Makefile']);
});
