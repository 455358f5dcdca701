import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { extract } from 'tar-stream';
import { Grown } from '../../../lib/count-growth.ts';
import { archiveFolder } from './context-archive.ts';
import type { ArchiveOptions } from './context-archive.ts';
import { readIgnore } from '../dockerfile/dockerignore.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'archive-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

async function entriesOf(path: string, options?: ArchiveOptions) {
  const entries: {
    name: string;
    type: string;
    mode: number;
    linkname: string;
    owner: string;
    seconds: number;
    size: number;
  }[] = [];
  const reader = extract();
  reader.on('entry', ({ name, type, mode, linkname, uid, gid, mtime, size }, content, next) => {
    entries.push({
      name,
      type,
      mode,
      linkname,
      owner: `${uid}:${gid}`,
      seconds: mtime.getTime() / 1000,
      size: size,
    });
    content.on('end', () => next());
    content.resume();
  });
  await pipeline(archiveFolder(path, options), reader);
  return entries;
}

const namesOf = async (path: string, options?: ArchiveOptions): Promise<string[]> =>
  (await entriesOf(path, options)).map(({ name }) => name);

test('files, folders and links are in it as they are, in one order, and belong to root', async (t) => {
  const path = folder(t);
  const long = `${'n'.repeat(120)}.txt`;
  mkdirSync(join(path, 'deep', 'er'), { recursive: true });
  writeFileSync(join(path, 'deep', 'er', long), 'x');
  writeFileSync(join(path, 'run'), '#!');
  writeFileSync(join(path, 'empty'), '');
  chmodSync(join(path, 'run'), 0o750);
  utimesSync(join(path, 'run'), 1_000, 1_000);
  symlinkSync('/etc/hostname', join(path, 'link'));
  const entries = await entriesOf(path);
  assert.deepEqual(
    entries.map(({ name, type, size }) => [name, type, size]),
    [
      ['deep/', 'directory', 0],
      ['deep/er/', 'directory', 0],
      [`deep/er/${long}`, 'file', 1],
      ['empty', 'file', 0],
      ['link', 'symlink', 0],
      ['run', 'file', 2],
    ],
  );
  assert.ok(entries.every(({ owner }) => owner === '0:0'));
  assert.equal(entries.find(({ name }) => name === 'link')?.linkname, '/etc/hostname');
  const run = entries.find(({ name }) => name === 'run');
  assert.deepEqual([run?.mode, run?.seconds], [0o750, 1_000]);
});

test('what is ignored is left out, unless it is always sent or taken back', async (t) => {
  const path = folder(t);
  for (const name of ['docker', 'kept', 'left'].map((one) => join(path, one))) {
    mkdirSync(name);
    writeFileSync(join(name, 'a'), 'x');
    writeFileSync(join(name, 'b'), 'x');
  }
  const always = ['docker/a'];
  assert.deepEqual(await namesOf(path, { ignore: readIgnore('*\n!kept/b'), always }), [
    'docker/a',
    'kept/b',
  ]);
  assert.deepEqual(await namesOf(path, { ignore: readIgnore('*'), always }), ['docker/a']);
});

test('a layer has its place and its owner', async (t) => {
  const path = folder(t);
  writeFileSync(join(path, 'a'), 'x');
  const entries = await entriesOf(path, { prefix: 'home/app', uid: 1_000, gid: 50 });
  assert.deepEqual(
    entries.map(({ name, owner }) => [name, owner]),
    [
      ['home/app/', '1000:50'],
      ['home/app/a', '1000:50'],
    ],
  );
});

test('names that are no text are in it byte by byte, as tar reads them', async (t) => {
  const [path, into] = [folder(t), folder(t)];
  const at = (top: string, name: string): Buffer => Buffer.from(`${top}/${name}`, 'latin1');
  const long = 'x\xff'.repeat(60);
  mkdirSync(at(path, 'd\xe9p/deep'), { recursive: true });
  writeFileSync(at(path, 'd\xe9p/f1'), 'text');
  writeFileSync(at(path, `d\xe9p/${long}`), '');
  symlinkSync(Buffer.from('d\xe9p/f1', 'latin1'), at(path, 'link'));
  symlinkSync(Buffer.from('d\xe9p/f1', 'latin1'), at(path, 'n'.repeat(150)));
  writeFileSync(join(path, 'last'), 'last');
  const prefix = 'home/app';
  const archive = await buffer(archiveFolder(path, { prefix, ignore: readIgnore('*/deep') }));
  execFileSync('tar', ['-xf', '-', '-C', into, '--no-same-owner'], { input: archive });
  const found = join(into, prefix);
  const inside = (name: string) => readdirSync(at(found, name), 'latin1').toSorted();
  assert.deepEqual(inside(''), ['d\xe9p', 'last', 'link', 'n'.repeat(150)]);
  assert.deepEqual(inside('d\xe9p'), ['f1', long]);
  assert.equal(readlinkSync(join(found, 'link'), 'latin1'), 'd\xe9p/f1');
  for (const name of ['link', 'n'.repeat(150)])
    assert.equal(readFileSync(join(found, name), 'utf8'), 'text');
});

test('sockets are left out', async (t) => {
  const path = folder(t);
  const server = createServer().listen(join(path, 's'));
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  assert.deepEqual(await namesOf(path), []);
});

test('a folder that is not there is an error of the stream', async () => {
  await assert.rejects(buffer(archiveFolder('/nowhere/at/all')), { code: 'ENOENT' });
});

test('neither the folder nor one in it is what a link leads to', async (t) => {
  const path = folder(t);
  mkdirSync(join(path, 'secret'));
  writeFileSync(join(path, 'secret', 'key'), 'x');
  mkdirSync(join(path, 'tree'));
  symlinkSync('../secret', join(path, 'tree', 'link'));
  symlinkSync('secret', join(path, 'sub'));
  assert.deepEqual(await namesOf(join(path, 'tree')), ['link']);
  await assert.rejects(buffer(archiveFolder(join(path, 'sub'))), { code: /ELOOP|ENOTDIR/ });
});

test('a folder nested deeper than anybody looks is an error of the stream', async (t) => {
  const path = folder(t);
  mkdirSync(join(path, ...Array<string>(300).fill('d')), { recursive: true });
  await assert.rejects(buffer(archiveFolder(path)), { name: 'TooDeep' });
});

test('an archive is little larger than what it is made from: holes and second names end it', async (t) => {
  const holes = folder(t);
  writeFileSync(join(holes, 'first'), 'text');
  truncateSync(join(holes, 'first'), 2 ** 40);
  await assert.rejects(entriesOf(holes), Grown);
  const names = folder(t);
  writeFileSync(join(names, 'first'), Buffer.alloc(2 ** 20, 1));
  linkSync(join(names, 'first'), join(names, 'second'));
  await assert.rejects(entriesOf(names, { mostGrowth: 2 ** 19 }), Grown);
  assert.deepEqual(await namesOf(names), ['first', 'second']);
});
