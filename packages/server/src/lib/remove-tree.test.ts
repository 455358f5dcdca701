import assert from 'node:assert/strict';
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
