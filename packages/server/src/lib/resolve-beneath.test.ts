import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { holdFolder } from './held-folder.ts';
import { holdBeneath, readBeneath, resolveBeneath } from './resolve-beneath.ts';

const LONGEST = 1024;

/** A folder `root` of these files and links, beside a `canary` that nobody may come to. */
function makeRoot(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'grid-beneath-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [path, text] of Object.entries({ ...files, '../canary/secret': 'secret' })) {
    const at = join(folder, 'root', path);
    mkdirSync(dirname(at), { recursive: true });
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), at);
    else writeFileSync(at, text);
  }
  return join(folder, 'root');
}

const read = async (root: string, path: string): Promise<string | undefined> =>
  (await readBeneath(root, path, LONGEST))?.toString();

test('a path leads through links that stay beneath the folder', async (t) => {
  const root = makeRoot(t, {
    'a/b/file': 'text',
    short: '-> a/b',
    'a/up': '-> ../short/file',
    'a/round': '-> ./b/../../a//up',
    itself: '-> .',
  });
  const ways = ['a/b/file', './a//b/file', 'a/../short/file', 'a/up', 'a/round', 'itself/a/up'];
  for (const path of ways) assert.equal(await read(root, path), 'text', path);
});

test('names and where links lead are bytes', async (t) => {
  const root = Buffer.from(makeRoot(t, { file: 'no' }));
  const at = (name: string): Buffer => Buffer.concat([root, Buffer.from(`/${name}`, 'latin1')]);
  mkdirSync(at('d\xe9p'));
  writeFileSync(at('d\xe9p/f\xff'), 'text');
  symlinkSync(Buffer.from('d\xe9p/f\xff', 'latin1'), at('link'));
  symlinkSync(Buffer.from('/d\xe9p', 'latin1'), at('out'));
  for (const path of [
    'link',
    Buffer.from('d\xe9p/f\xff', 'latin1'),
    Buffer.from('d\xe9p/../link', 'latin1'),
  ])
    assert.equal((await readBeneath(root.toString(), path, LONGEST))?.toString(), 'text');
  assert.equal(await read(root.toString(), 'd\ufffdp/f\ufffd'), undefined);
  await using out = await resolveBeneath(root.toString(), 'out');
  assert.equal(out.is, 'outside');
});

test('no link leads out, however it is written, wherever on the way it stands', async (t) => {
  const root = makeRoot(t, {
    absolute: '-> /etc',
    up: '-> ../canary',
    'deep/er/up': '-> ../../../canary',
    // out and in again
    around: '-> ../root/inside',
    'inside/secret': 'inside',
    first: '-> deep/er/up',
    file: '-> ../canary/secret',
  });
  const ways = ['absolute', 'up', 'deep/er/up', 'around', 'first'];
  for (const path of [...ways.map((way) => `${way}/secret`), 'file', '..', '../canary/secret']) {
    await using found = await resolveBeneath(root, path);
    assert.equal(found.is, 'outside', path);
    assert.equal(await read(root, path), undefined, path);
    assert.equal(await holdBeneath(root, dirname(path) === '.' ? path : dirname(path)), undefined);
  }
});

test('what is no file, or too long, or no way at all, is not read', async (t) => {
  const root = makeRoot(t, {
    file: 'text',
    long: 'x'.repeat(LONGEST + 1),
    loop: '-> loop',
    dead: '-> nothing',
  });
  execFileSync('/usr/bin/mkfifo', [join(root, 'pipe')]);
  const ways = [
    '',
    'nothing',
    'file/',
    'file/x',
    'file/..',
    'loop',
    'dead',
    'long',
    'pipe',
    'a\0b',
  ];
  for (const path of ways)
    assert.equal(await read(root, path), path === 'file/' ? 'text' : undefined, path);
});

test('a folder that became a link is not entered, nor taken for the root', async (t) => {
  const root = makeRoot(t, { 'a/file': '', link: '-> a' });
  await using held = await holdFolder(root);
  assert.equal(await held.enter('link'), undefined);
  assert.equal(await held.enter('nothing'), undefined);
  for (const name of ['', '.', '..', 'a/file']) assert.throws(() => held.at(name), /is not a name/);
  await assert.rejects(holdFolder(join(root, 'link')), { code: /ELOOP|ENOTDIR/ });
  await assert.rejects(resolveBeneath(join(root, 'link'), 'file'), { code: /ELOOP|ENOTDIR/ });
});

test('what is held is the folder as it was, whatever comes in its place', async (t) => {
  const root = makeRoot(t, { 'a/mine': '' });
  await using held = await holdBeneath(root, 'a');
  assert.ok(held);
  execFileSync('/bin/mv', [join(root, 'a'), join(root, 'old')]);
  symlinkSync('../canary', join(root, 'a'));
  const names: string[] = [];
  for await (const { name } of held.entries()) names.push(name.toString());
  assert.deepEqual(names, ['mine']);
});

test('nothing stays open', async (t) => {
  const root = makeRoot(t, { 'a/b/file': 'text', out: '-> /etc', 'a/in': '-> b/file' });
  const opened = (): number => readdirSync('/proc/self/fd').length;
  const before = opened();
  for (let round = 0; round < 20; round += 1)
    for (const path of ['a/b/file', 'out/x', 'a/in', 'nothing', '..', 'a/b']) {
      await read(root, path);
      await (await holdBeneath(root, path))?.[Symbol.asyncDispose]();
    }
  assert.ok(opened() - before < 10);
});
