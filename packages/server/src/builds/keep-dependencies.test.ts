import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { SHARE, changes, copied } from '../testing/copied-tree.ts';
import { treeOf } from '../testing/tree-of.ts';
import { keepingDependencies } from './keep-dependencies.ts';

const PROGRAM = join(import.meta.dirname, 'keep_dependencies.py');

/** What the program copies of a tree that was changed so. */
async function keep(t: TestContext, work: (at: string) => void) {
  const { original, copy: changed } = await copied(t);
  work(join(changed, SHARE));
  const kept = await treeOf(t, {});
  execFileSync('python3', ['-I', PROGRAM, changed, original, kept]);
  return { kept, changed };
}

/** Everything below a folder, with all that is to be the same of it. */
const look = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map((path) => {
      const at = join(folder, path);
      const found = lstatSync(at);
      const says = found.isFile() ? readFileSync(at, 'utf8') : '';
      const to = found.isSymbolicLink() ? readlinkSync(at) : '';
      return [path, found.mode, found.isSymbolicLink() ? 0 : found.mtimeMs, says, to];
    });

for (const [what, work] of changes)
  test(`${what} is kept, with all the rest`, async (t) => {
    const { kept, changed } = await keep(t, work);
    assert.deepEqual(look(kept), look(changed));
    assert.ok(look(kept).length > 0);
  });

test('nothing is copied where nothing was changed but what Python compiled for itself', async (t) => {
  const compile = (at: string): void => {
    mkdirSync(join(at, '__pycache__'));
    writeFileSync(join(at, '__pycache__', 'six.pyc'), 'x');
  };
  assert.deepEqual(look((await keep(t, () => undefined)).kept), []);
  assert.deepEqual(look((await keep(t, compile)).kept), []);
  const { kept, changed } = await keep(t, (at) => {
    compile(at);
    writeFileSync(join(at, '-n new\n'), '');
  });
  assert.deepEqual(look(kept), look(changed));
});

test('a file with two names is one, and the folder itself is as open as it was', async (t) => {
  const { kept } = await keep(t, (at) => {
    writeFileSync(join(at, 'one'), '');
    linkSync(join(at, 'one'), join(at, 'two'));
    chmodSync(join(at, '..', '..'), 0o751);
  });
  const [one, two] = ['one', 'two'].map((name) => lstatSync(join(kept, SHARE, name)).ino);
  assert.equal(one, two);
  assert.equal(lstatSync(kept).mode & 0o777, 0o751);
});

test('what cannot be copied fails the step, and it is said what', async (t) => {
  const { original, copy } = await copied(t);
  writeFileSync(join(copy, 'new'), '');
  const full = '/proc/self/fd';
  assert.throws(
    () => execFileSync('python3', ['-I', PROGRAM, copy, original, full], { stdio: 'pipe' }),
    /What was changed of .* could not be copied/,
  );
});

test('a hook that is told to end has its time for it, and its step ends as it does', () => {
  const hook = ['/bin/sh', '-c', 'kill -TERM $PPID; echo saved; exit 3'] as const;
  const work = keepingDependencies({ name: 'hook', argv: hook }, '/nowhere');
  assert.ok('argv' in work && work.argv !== undefined);
  const [program, ...words] = work.argv;
  const { status, stdout } = spawnSync(program, words, { encoding: 'utf8' });
  assert.deepEqual([status, stdout], [3, 'saved\n']);
});
