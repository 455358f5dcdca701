import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { removeTree } from './remove-tree.ts';

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'grid-remove-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A chain of folders longer than a path can be, made from its end. */
function makeDeep(path: string, levels: number): void {
  mkdirSync(path);
  writeFileSync(join(path, 'file'), '');
  for (let level = 0; level < levels; level += 1) {
    mkdirSync(`${path}.new`);
    renameSync(path, join(`${path}.new`, 'x'.repeat(200)));
    renameSync(`${path}.new`, path);
  }
}

test('what is nested deeper than a path can say is removed, and nothing beside it', async (t) => {
  const folder = makeFolder(t);
  makeDeep(join(folder, 'deep'), 60);
  writeFileSync(join(folder, 'beside'), '');
  await removeTree(join(folder, 'deep'));
  await removeTree(join(folder, 'deep'));
  assert.equal(existsSync(join(folder, 'deep')), false);
  assert.equal(existsSync(join(folder, 'beside')), true);
});

const SOMEBODY = 12_345;

test('what its own user closed is removed, and where a link leads to is left', async (t) => {
  const folder = makeFolder(t);
  const closed = join(folder, 'closed');
  mkdirSync(join(closed, 'inner'), { recursive: true });
  mkdirSync(join(folder, 'beside'));
  writeFileSync(join(closed, 'inner', 'file'), '');
  symlinkSync(join(folder, 'beside'), join(closed, 'link'));
  const isRoot = process.getuid?.() === 0;
  for (const path of [join(closed, 'inner'), closed, join(folder, 'beside')]) {
    chmodSync(path, 0);
    if (isRoot) chownSync(path, SOMEBODY, SOMEBODY);
  }
  if (isRoot) {
    chownSync(folder, SOMEBODY, SOMEBODY);
    process.seteuid?.(SOMEBODY);
  }
  try {
    await removeTree(closed);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
  assert.deepEqual(readdirSync(folder), ['beside']);
});

test('a link in the place of what is to be removed is removed itself', async (t) => {
  const folder = makeFolder(t);
  mkdirSync(join(folder, 'beside'));
  writeFileSync(join(folder, 'beside', 'precious'), '');
  symlinkSync('beside', join(folder, 'link'));
  await removeTree(join(folder, 'link'));
  assert.deepEqual(readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted(), [
    'beside',
    'beside/precious',
  ]);
});

/** Swaps a folder for a link to `beside` and back, as fast as it can, until its input ends. */
const SWAP = `
import os, select, sys
inside, beside = sys.argv[1:]
print('begun', flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    try:
        os.makedirs(f'{inside}/victim/deep', exist_ok=True)
        open(f'{inside}/victim/deep/precious', 'w').close()
        os.rename(f'{inside}/victim', f'{inside}/aside')
        os.symlink(beside, f'{inside}/victim')
        os.unlink(f'{inside}/victim')
        os.rename(f'{inside}/aside', f'{inside}/victim')
    except OSError:
        pass
`;

test('nothing beside it goes while somebody swaps its folders for links as it is removed', async (t) => {
  const folder = makeFolder(t);
  const [inside, beside] = [join(folder, 'inside'), join(folder, 'beside')];
  mkdirSync(join(beside, 'deep'), { recursive: true });
  writeFileSync(join(beside, 'deep', 'precious'), '');
  mkdirSync(inside);
  const swapper = spawn('python3', ['-c', SWAP, inside, beside], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  t.after(() => swapper.kill());
  await once(swapper.stdout, 'data');
  for (let round = 0; round < 100; round += 1) {
    await removeTree(join(inside, 'victim')).catch((error: NodeJS.ErrnoException) => {
      assert.match(error.code ?? '', /ENOTEMPTY|ENOTDIR|EISDIR/);
    });
    assert.equal(existsSync(join(beside, 'deep', 'precious')), true, `round ${round}`);
  }
  swapper.stdin.end();
  await once(swapper, 'exit');
  await removeTree(inside);
  assert.deepEqual(readdirSync(folder), ['beside']);
});
