import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { copyTree } from './copy-tree.ts';

test('files, folders and links are copied as they are; nobody else’s program becomes one of ours', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'grid-copy-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [from, into] = [join(folder, 'from'), join(folder, 'into')];
  mkdirSync(join(from, 'a', 'b'), { recursive: true });
  mkdirSync(into);
  writeFileSync(join(folder, 'secret'), 'secret');
  writeFileSync(join(from, 'a', 'b', 'run'), 'text');
  writeFileSync(join(from, 'suid'), 'text');
  chmodSync(join(from, 'a', 'b', 'run'), 0o750);
  chmodSync(join(from, 'suid'), 0o6755);
  chmodSync(join(from, 'a'), 0o711);
  symlinkSync('../secret', join(from, 'link'));
  symlinkSync('nothing', join(from, 'up'));
  execFileSync('/usr/bin/mkfifo', [join(from, 'pipe')]);

  await copyTree(from, into);
  const all = readdirSync(into, { recursive: true, encoding: 'utf8' });
  assert.deepEqual(all.toSorted(), ['a', 'a/b', 'a/b/run', 'link', 'suid', 'up']);
  const mode = (path: string): number => lstatSync(join(into, path)).mode & 0o7777;
  assert.deepEqual([mode('a'), mode('a/b/run'), mode('suid')], [0o711, 0o750, 0o755]);
  assert.equal(readlinkSync(join(into, 'link')), '../secret');
  assert.equal(readFileSync(join(into, 'suid'), 'utf8'), 'text');
});
