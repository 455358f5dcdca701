import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Grown } from '../lib/count-growth.ts';
import { copyTree } from './copy-tree.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'grid-copy-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('files, folders and links are copied as they are; nobody else’s program becomes one of ours', async (t) => {
  const top = folder(t);
  const [from, into] = [join(top, 'from'), join(top, 'into')];
  mkdirSync(join(from, 'a', 'b'), { recursive: true });
  mkdirSync(into);
  writeFileSync(join(top, 'secret'), 'secret');
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

test('each file of a copy says what its own says, also while much else is opened', async (t) => {
  const from = folder(t);
  for (let number = 0; number < 300; number += 1)
    writeFileSync(join(from, String(number)), `file ${number}`);
  const others = Array.from({ length: 8 }, () => folder(t));
  await Promise.all(others.map((into) => copyTree(from, into)));
  for (const into of others)
    for (let number = 0; number < 300; number += 1)
      assert.equal(readFileSync(join(into, String(number)), 'utf8'), `file ${number}`);
});

test('names and where links lead are copied byte by byte', async (t) => {
  const [from, into] = [folder(t), folder(t)];
  const at = (top: string, name: string): Buffer => Buffer.from(`${top}/${name}`, 'latin1');
  mkdirSync(at(from, 'd\xe9p'));
  writeFileSync(at(from, 'd\xe9p/f\xff'), 'text');
  symlinkSync(Buffer.from('d\xe9p/f\xff', 'latin1'), at(from, 'l\xefnk'));
  await copyTree(from, into);
  assert.equal(readFileSync(at(into, 'd\xe9p/f\xff'), 'utf8'), 'text');
  assert.equal(readlinkSync(at(into, 'l\xefnk'), 'latin1'), 'd\xe9p/f\xff');
});

const MIB = 1024 ** 2;

test('a copy takes little more of the disk than what it is made from', async (t) => {
  const [holes, names] = [folder(t), folder(t)];
  writeFileSync(join(holes, 'first'), '');
  truncateSync(join(holes, 'first'), 2 ** 40);
  writeFileSync(join(names, 'first'), Buffer.alloc(MIB, 1));
  for (let number = 0; number < 20; number += 1)
    linkSync(join(names, 'first'), join(names, String(number)));
  for (const from of [holes, names]) {
    const into = folder(t);
    await assert.rejects(copyTree(from, into, 10 * MIB), Grown);
    const disk = execFileSync('du', ['-sm', into], { encoding: 'utf8' });
    assert.ok(Number.parseInt(disk, 10) <= 12, disk);
  }
  await copyTree(names, folder(t));
});
