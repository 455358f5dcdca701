import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readInside } from './build-context.ts';

test('a file is read through links inside the folder, and never outside of it', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'inside-'));
  t.after(() => rmSync(root, { recursive: true }));
  const folder = join(root, 'folder');
  mkdirSync(join(folder, 'deep'), { recursive: true });
  writeFileSync(join(root, 'secret'), 'secret');
  writeFileSync(join(folder, 'file'), 'text');
  symlinkSync('../file', join(folder, 'deep', 'link'));
  symlinkSync('../secret', join(folder, 'out'));
  symlinkSync('loop', join(folder, 'loop'));
  assert.equal(await readInside(folder, './file'), 'text');
  assert.equal(await readInside(folder, 'deep/link'), 'text');
  for (const path of ['out', '../secret', 'loop', 'deep', 'nothing', 'file/x', 'a\0b'])
    assert.equal(await readInside(folder, path), undefined, path);
});
