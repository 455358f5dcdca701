import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { newId } from '../lib/ids.ts';
import { dataPaths } from '../paths.ts';
import { GIT_USER } from './plan-git.ts';
import { checkout, createRepository, placeOf } from './repository.ts';
import { git, spawnGit } from './run-git.ts';

const isRoot = process.geteuid?.() === 0;
const WHO = Object.fromEntries(
  ['AUTHOR', 'COMMITTER'].flatMap((who) => [
    [`GIT_${who}_NAME`, 'Ada'],
    [`GIT_${who}_EMAIL`, 'ada@example.com'],
  ]),
);

type Entry = [mode: '100644' | '100755' | '120000' | '160000' | '40000', name: string, id: string];

/** A repository below a folder that is closed to everybody else, and what tests need to fill it. */
async function open(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'grid-repository-'));
  t.after(() => rmSync(root, { recursive: true }));
  chmodSync(root, 0o700);
  const paths = dataPaths(join(root, 'data'));
  const applicationId = newId('application');
  await createRepository(paths, applicationId);
  const place = placeOf(paths, applicationId);
  const write = async (args: readonly string[], input: Buffer | string): Promise<string> => {
    const child = await spawnGit(place, { args, environment: WHO });
    child.stdin.end(input);
    child.stderr.resume();
    const out = (await child.stdout.toArray()) as Buffer[];
    return Buffer.concat(out).toString().trim();
  };
  const blob = (text: Buffer | string) => write(['hash-object', '-w', '--stdin'], text);
  const tree = (entries: readonly Entry[]) =>
    write(
      ['hash-object', '-w', '-t', 'tree', '--stdin', '--literally'],
      Buffer.concat(
        entries.flatMap(([mode, name, id]) => [
          Buffer.from(`${mode} ${name}\0`, 'latin1'),
          Buffer.from(id, 'hex'),
        ]),
      ),
    );
  const commit = (id: string) => write(['commit-tree', id, '-m', 'one'], '');
  const into = join(paths.checkout(newId('deployment')), 'tree.partial');
  mkdirSync(into, { recursive: true });
  const take = async (commitId: string, signal = AbortSignal.timeout(60_000)) => {
    const taken = await checkout(paths, { applicationId, commitId, into }, signal);
    return 'reason' in taken
      ? { ...taken, referred: undefined }
      : { reason: undefined, detail: '', referred: taken };
  };
  return { paths, applicationId, place, blob, tree, commit, take, into };
}

test('a tree is written as it is, by git as a user of its own', async (t) => {
  const { blob, tree, commit, take, into, place } = await open(t);
  const [text, program, link] = [
    await blob('a\r\n'),
    await blob('#!/bin/sh\n'),
    await blob('/etc'),
  ];
  const inner = await tree([['100644', 'deep', text]]);
  const id = await tree([
    ['100644', 'a', text],
    ['40000', 'folder', inner],
    ['120000', 'link', link],
    ['100755', 'run', program],
  ]);
  const { referred } = await take(await commit(id));
  assert.deepEqual(referred, { modules: [], contents: false });
  assert.deepEqual(readdirSync(into).toSorted(), ['a', 'folder', 'link', 'run']);
  assert.equal(readFileSync(join(into, 'folder', 'deep'), 'utf8'), 'a\r\n');
  assert.equal(lstatSync(join(into, 'run')).mode & 0o111, 0o111);
  assert.ok(lstatSync(join(into, 'link')).isSymbolicLink());
  const owners = ['a', 'folder', 'link'].map((name) => lstatSync(join(into, name)).uid);
  const expected = isRoot ? GIT_USER : process.geteuid?.();
  assert.deepEqual(owners, [expected, expected, expected]);
  assert.deepEqual(globSync('index*', { cwd: place.repository }), []);
});

test('a tree of a hundred million files is refused before one is written', async (t) => {
  const { blob, tree, commit, take, into } = await open(t);
  let id = await blob('x');
  for (let depth = 0; depth < 4; depth += 1) {
    const below = id;
    const mode = depth === 0 ? '100644' : '40000';
    id = await tree(
      Array.from({ length: 100 }, (_, index) => [mode, String(index).padStart(2, '0'), below]),
    );
  }
  const refused = await take(await commit(id));
  assert.equal(refused.reason, 'disk_full');
  assert.match(refused.detail, /more than 200000 files and folders/);
  assert.deepEqual(readdirSync(into), []);
});

test('folders without any file count, and so does depth', async (t) => {
  const { tree, commit, take, into } = await open(t);
  let id = await tree([]);
  for (let depth = 0; depth < 3; depth += 1) {
    const below = id;
    id = await tree(
      Array.from({ length: 100 }, (_, index) => ['40000', String(index).padStart(2, '0'), below]),
    );
  }
  for (let depth = 0; depth < 20; depth += 1) id = await tree([['40000', 'x'.repeat(200), id]]);
  const refused = await take(await commit(id));
  assert.match(refused.detail, /longer than 2048 bytes/);
  assert.deepEqual(readdirSync(into), []);
});

test('a file that unpacks to more than the disk is refused before it is written', async (t) => {
  const { blob, tree, commit, take, into } = await open(t);
  const large = await blob(Buffer.alloc(64 * 1024 ** 2));
  const entries = Array.from({ length: 200 }, (_, index): Entry => [
    '100644',
    String(index).padStart(3, '0'),
    large,
  ]);
  const refused = await take(await commit(await tree(entries)));
  assert.equal(refused.reason, 'disk_full');
  assert.match(refused.detail, /more than 10 GiB of disk/);
  assert.deepEqual(readdirSync(into), []);
});

test('a checkout ends at once with whoever wanted it', async (t) => {
  const { blob, tree, commit, take } = await open(t);
  const text = await blob('x');
  const folder = await tree(
    Array.from({ length: 400 }, (_, index) => ['100644', String(index).padStart(3, '0'), text]),
  );
  const id = await tree(
    Array.from({ length: 400 }, (_, index) => ['40000', String(index).padStart(3, '0'), folder]),
  );
  const commitId = await commit(id);
  const gone = new AbortController();
  const taking = take(commitId, gone.signal);
  setImmediate(() => gone.abort(new Error('nobody wants it')));
  await assert.rejects(taking, /nobody wants it/);
});

test('what a tree says of itself makes git run nothing', async (t) => {
  const { blob, tree, commit, take, into } = await open(t);
  const attributes = await blob(
    '* filter=evil diff=evil merge=evil ident working-tree-encoding=no\n',
  );
  const modules = await blob(
    '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c id\n\tupdate = !id\n',
  );
  const config = await blob('[core]\n\tfsmonitor = touch /tmp/no\n');
  const id = await tree([
    ['100644', '.gitattributes', attributes],
    ['100644', '.gitmodules', modules],
    ['100644', 'config', config],
  ]);
  const refused = await take(await commit(id));
  if (refused.reason === undefined) assert.deepEqual(readdirSync(into).length, 3);
  else assert.equal(refused.reason, 'invalid_repository');
});

test('an older repository is given to git with the first thing that is asked of it', async (t) => {
  const { place, blob } = await open(t);
  const held = join(place.repository, 'refs', 'heads', 'held');
  writeFileSync(held, '');
  mkdirSync(join(place.repository, 'hooks'));
  writeFileSync(join(place.repository, 'hooks', 'pre-receive'), '#!/bin/sh\nexit 1\n');
  await blob('x');
  const owner = isRoot ? GIT_USER : process.geteuid?.();
  assert.equal(lstatSync(held).uid, owner);
  assert.equal(lstatSync(join(place.repository, 'config')).uid, owner);
});

test('hooks are nobody’s to change, and of no repository', async (t) => {
  const { place } = await open(t);
  await git(place, ['count-objects']);
  for (const name of ['pre-receive', 'post-receive']) {
    const { uid, mode } = lstatSync(join(place.hooks, name));
    assert.equal(uid, process.geteuid?.());
    assert.equal(mode & 0o777, 0o750);
  }
  assert.ok(!existsSync(join(place.repository, 'hooks')));
});

test('git sees nothing of this machine but programs and its repository', async (t) => {
  const { place, paths } = await open(t);
  const see = (...args: string[]) => git(place, args, { program: [] });
  assert.deepEqual((await see('ls', '/')).match(/^(home|root|tmp|proc|etc\/shadow)$/gm), null);
  await assert.rejects(see('cat', paths.root), /No such file/);
  await assert.rejects(see('cat', '/etc/passwd'), /No such file/);
  if (isRoot) assert.equal((await see('id', '-u')).trim(), String(GIT_USER));
  await assert.rejects(see('touch', '/hooks/pre-receive'), /Read-only|denied/);
  await see('touch', '/repository/mine');
});

test('git ends where it takes more memory than it may', async (t) => {
  const { place } = await open(t);
  const eat = ['python3', '-c', 'x = bytearray(2 * 1024 ** 3)'];
  await assert.rejects(git(place, eat, { program: [] }), /MemoryError/);
});

test('git in its sandbox reaches nobody of this machine, and nobody else', async (t) => {
  const { place } = await open(t);
  const server = createServer((socket) => socket.end('here')).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = `import socket; print(socket.create_connection(("127.0.0.1", ${port}), 5).recv(9))`;
  const asked = git(place, ['/usr/bin/python3', '-c', ask], { program: [] });
  await assert.rejects(asked, /Connection refused|unreachable/);
});

test('what a tree only refers to is told, with names that are bytes', async (t) => {
  const { blob, tree, commit, take } = await open(t);
  const pinned = 'c'.repeat(40);
  const modules = [
    { path: 'vendor/d%e9p', commit: pinned },
    { path: 'vendor/with%20blank', commit: pinned },
  ];
  const vendor = await tree([
    ['160000', 'd\xe9p', pinned],
    ['160000', 'with blank', pinned],
  ]);
  const [text, lfs] = [await blob('* text=auto\n'), await blob('*.bin filter=lfs -text\n')];
  const table: [entries: Entry[], referred: object][] = [
    [[['40000', 'vendor', vendor]], { modules, contents: false }],
    [[['100644', '.gitattributes', text]], { modules: [], contents: false }],
    [
      [['40000', 'deep', await tree([['100644', '.gitattributes', lfs]])]],
      { modules: [], contents: true },
    ],
    [[['100644', 'attributes', lfs]], { modules: [], contents: false }],
  ];
  for (const [entries, referred] of table)
    assert.deepEqual((await take(await commit(await tree(entries)))).referred, referred);
});
