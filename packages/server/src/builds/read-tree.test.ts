import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { readFact, readManifest, refuseFolder } from './read-tree.ts';
import { requirementsOf } from './recipes/python/requirements-install.ts';

async function treeOf(t: TestContext, files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'grid-tree-'));
  t.after(() => rm(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) await write(join(root, path), text);
  return root;
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (text.startsWith('-> ')) await symlink(text.slice(3), path);
  else await writeFile(path, text);
}

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

const requirements = requirementsOf(
  { path: 'requirements.txt', namedBy: undefined },
  {
    interpreter: { version: [3, 13, 0], path: '/p', folder: '/', digest: '', readOnly: [] },
    installer: { uv: undefined, settings: {}, readOnly: [] },
  },
);

const digestOf = async (t: TestContext, files: Record<string, string>, folder = '') =>
  (await readManifest(await treeOf(t, files), folder, requirements))?.digest;

test('a change in any file that is named counts, others do not', async (t) => {
  const files = {
    'requirements.txt': '-r a/base.txt',
    'a/base.txt': '-c pins.txt',
    'a/pins.txt': 'x==1',
  };
  const digest = await digestOf(t, files);
  assert.equal(await digestOf(t, { ...files, 'main.py': 'changed' }), digest);
  assert.notEqual(await digestOf(t, { ...files, 'a/pins.txt': 'x==2' }), digest);
  assert.notEqual(await digestOf(t, { ...files, 'uv.toml': 'index-url = "x"' }), digest);
  assert.notEqual(await digestOf(t, { ...files, 'pyproject.toml': '[tool.uv]\n' }), digest);
  assert.equal(await digestOf(t, { ...files, 'pyproject.toml': '[project]\n' }), digest);
});

test('a file above the application’s folder counts too', async (t) => {
  const files = { 'api/requirements.txt': '-r ../base.txt', 'base.txt': 'x==1' };
  const digest = await digestOf(t, files, 'api');
  assert.notEqual(await digestOf(t, { ...files, 'base.txt': 'x==2' }, 'api'), digest);
  assert.notEqual(await digestOf(t, { ...files, 'uv.toml': 'x' }, 'api'), digest);
});

test('files that name each other are read once', async (t) => {
  const files = { 'requirements.txt': '-r other.txt', 'other.txt': '-r requirements.txt\n./pkg' };
  const found = await readManifest(await treeOf(t, files), '', requirements);
  assert.equal(found?.local, true);
});

test('a link inside the tree is followed, one that leads out of it is not there', async (t) => {
  const inside = { 'requirements.txt': '-> a/real.txt', 'a/real.txt': 'numpy' };
  assert.ok(await digestOf(t, inside));
  for (const link of ['/etc/hostname', '/dev/zero', 'missing'])
    assert.equal(await digestOf(t, { 'requirements.txt': `-> ${link}` }), undefined);
});

test('a pipe in place of a file holds nothing up', async (t) => {
  const root = await treeOf(t, { 'requirements.txt': '-r pipe' });
  execFileSync('/usr/bin/mkfifo', [join(root, 'pipe')]);
  assert.ok(await readManifest(root, '', requirements));
});
