import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { need } from '../../../testing/need.ts';

const SOMEBODY = 12_345;

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'grid-trees-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'tree', 'a', 'b'), { recursive: true });
  mkdirSync(join(folder, 'beside'));
  for (const path of ['tree/a/b/file', 'beside/file']) writeFileSync(join(folder, path), '');
  return folder;
}

/** What these Python statements print. */
const run = (folder: string, statements: string): string =>
  execFileSync(
    'python3',
    [
      '-c',
      `import os, sys; sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True
import trees
${statements}`,
      import.meta.dirname,
    ],
    { cwd: folder, encoding: 'utf8' },
  ).trim();

const ownerOf = (folder: string, path: string): number => lstatSync(join(folder, path)).uid;

test('a tree is given whole, and nothing that a link in it leads to', (t) => {
  if (!need(t, process.getuid?.() === 0, 'root')) return;
  const folder = makeFolder(t);
  symlinkSync('../../beside', join(folder, 'tree', 'a', 'link'));
  run(folder, `trees.give('tree', ${SOMEBODY})`);
  for (const path of ['tree', 'tree/a', 'tree/a/b', 'tree/a/b/file', 'tree/a/link'])
    assert.equal(ownerOf(folder, path), SOMEBODY, path);
  for (const path of ['beside', 'beside/file']) assert.equal(ownerOf(folder, path), 0, path);
});

test('a link in the place of a tree, or of a folder that was seen in it, is given nothing through', (t) => {
  if (!need(t, process.getuid?.() === 0, 'root')) return;
  const folder = makeFolder(t);
  const give = (swap: string): string =>
    run(
      folder,
      `${swap}
try:
    trees.give('tree', ${SOMEBODY})
except OSError as error:
    print(type(error).__name__)`,
    );
  // the folder is another between the look at it and its being opened
  const swap = `listed = os.stat
def look(name, **more):
    found = listed(name, **more)
    if name == 'b':
        os.rename('tree/a/b', 'old'); os.symlink('../../beside', 'tree/a/b')
    return found
os.stat = look`;
  assert.match(give(swap), /Error/);
  assert.deepEqual([ownerOf(folder, 'beside'), ownerOf(folder, 'beside/file')], [0, 0]);
  renameSync(join(folder, 'tree'), join(folder, 'former'));
  symlinkSync('beside', join(folder, 'tree'));
  assert.match(give(''), /Error/);
  assert.deepEqual([ownerOf(folder, 'beside'), ownerOf(folder, 'beside/file')], [0, 0]);
});

test('what is made for one is closed to others, and so is what is made above it', (t) => {
  const folder = makeFolder(t);
  run(folder, `os.umask(0); trees.make_closed('caches/owner/application')`);
  for (const path of ['caches', 'caches/owner', 'caches/owner/application'])
    assert.equal(lstatSync(join(folder, path)).mode & 0o777, 0o700, path);
});

test('a copy of a tree says the same, and takes no more of the disk', (t) => {
  const folder = makeFolder(t);
  const at = (path: string): string => join(folder, path);
  writeFileSync(at('tree/holes'), 'first');
  truncateSync(at('tree/holes'), 2 ** 33);
  appendFileSync(at('tree/holes'), 'last');
  writeFileSync(at('tree/data'), Buffer.alloc(2 ** 20, 7), { mode: 0o750 });
  for (const name of ['one', 'two']) linkSync(at('tree/data'), at(`tree/a/${name}`));
  symlinkSync('../beside', at('tree/link'));
  execFileSync('/usr/bin/mkfifo', [at('tree/pipe')]);
  run(folder, `trees.copy('tree', 'copy')`);
  const blocks = (path: string): number => lstatSync(at(path)).blocks;
  assert.ok(blocks('copy/holes') <= blocks('tree/holes') + 8, String(blocks('copy/holes')));
  assert.equal(lstatSync(at('copy/holes')).size, 2 ** 33 + 4);
  assert.equal(execFileSync('tail', ['-c', '4', at('copy/holes')], { encoding: 'utf8' }), 'last');
  const [data, two] = ['copy/data', 'copy/a/two'].map((path) => lstatSync(at(path)));
  assert.deepEqual([data?.mode, data?.nlink, data?.ino], [0o100750, 3, two?.ino]);
  assert.deepEqual(readFileSync(at('copy/a/one')), readFileSync(at('tree/data')));
  assert.equal(readlinkSync(at('copy/link')), '../beside');
  assert.throws(() => lstatSync(at('copy/pipe')));
});
