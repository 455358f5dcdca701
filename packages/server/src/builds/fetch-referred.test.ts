import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { pointerTo, serveRepositories } from '../testing/git-server.ts';
import { needProgram } from '../testing/need.ts';

const PROGRAM = join(import.meta.dirname, 'fetch_referred.py');
const PYTHON = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
  encoding: 'utf8',
}).trim();
const NOBODY = 'c'.repeat(40);

/** Repositories that are served, a tree, and the program that fetches what the tree refers to. */
async function open(t: TestContext, contents: readonly Buffer[] = []) {
  const root = mkdtempSync(join(tmpdir(), 'grid-fetch-'));
  t.after(() => rmSync(root, { recursive: true }));
  const [tree, served, home] = ['tree', 'served', 'home'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [tree, served, home]) mkdirSync(folder);
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    ...Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((who) => [
        [`GIT_${who}_NAME`, 'Ada'],
        [`GIT_${who}_EMAIL`, 'ada@example.com'],
      ]),
    ),
  };
  const server = await serveRepositories(t, served, contents);
  const at = `http://127.0.0.1:${server.port}`;
  /** A repository of these files and submodules; the commit that it is at. */
  const repository = (
    name: string,
    files: Record<string, string>,
    modules: Record<string, string> = {},
  ): string => {
    const folder = join(served, name);
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', folder, ...args], { env, encoding: 'utf8' }).trim();
    mkdirSync(folder);
    git('init', '--quiet', '--initial-branch=main');
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
    git('add', '--all');
    for (const [path, commit] of Object.entries(modules))
      git('update-index', '--add', '--cacheinfo', `160000,${commit},${path}`);
    git('commit', '--quiet', '--message', 'one');
    const commit = git('rev-parse', 'HEAD');
    git('commit', '--quiet', '--allow-empty', '--message', 'later');
    git('update-server-info');
    return commit;
  };
  const run = (words: readonly string[], more: Record<string, string> = {}) =>
    new Promise<{ code: unknown; lines: string[] }>((resolve) => {
      const args = ['-I', PROGRAM, ...words];
      execFile(PYTHON, args, { cwd: tree, env: { ...env, ...more } }, (error, out, err) =>
        resolve({ code: error?.code ?? 0, lines: (out + err).split('\n').slice(0, -1) }),
      );
    });
  return { root, tree, at, server, repository, run };
}

const modulesOf = (modules: Record<string, string>): string =>
  Object.entries(modules)
    .map(([path, lines]) => `[submodule "the ${path}"]\n\tpath = ${path}\n\t${lines}\n`)
    .join('');

test('modules, and those in them, are written at their commits, and kept for the next time', async (t) => {
  const { tree, at, repository, run, server } = await open(t);
  const inner = repository('inner', { 'n.txt': 'inner' });
  const outer = repository(
    'outer.git',
    { 'o.txt': 'outer', '.gitmodules': modulesOf({ deep: 'url = ../inner' }) },
    { deep: inner },
  );
  writeFileSync(
    join(tree, '.gitmodules'),
    Buffer.from(
      modulesOf({
        'lib/d\xe9p': `url = ${at}/smart/outer.git/.git`,
        'lib/old': `url = ${at}/dumb/inner/.git`,
        'left alone': 'update = none\n\turl = ./x',
      }),
      'latin1',
    ),
  );
  const nested = modulesOf({ deep: 'url = ../../inner/.git' });
  const again = repository('again', { 'o.txt': 'again', '.gitmodules': nested }, { deep: inner });
  writeFileSync(join(tree, '.gitmodules'), modulesOf({ second: `url = ${at}/smart/again/.git` }), {
    flag: 'a',
  });
  const words = ['lib/d%e9p', outer, 'lib/old', inner, 'left%20alone', NOBODY, 'second', again];
  const first = await run(['', '', ...words]);
  assert.deepEqual(first, {
    code: 3,
    lines: [
      String.raw`Submodule "lib/d\351p" is at ${outer.slice(0, 12)} of ${at}/smart/outer.git/.git`,
      `Submodule lib/old is at ${inner.slice(0, 12)} of ${at}/dumb/inner/.git`,
      `Submodule second is at ${again.slice(0, 12)} of ${at}/smart/again/.git`,
      `Submodule second/deep is at ${inner.slice(0, 12)} of ${at}/smart/inner/.git`,
      first.lines[4] ?? '',
    ],
  });
  assert.match(first.lines[4] ?? '', /^Submodule "lib\/d\\351p\/deep" is missing: /);
  assert.deepEqual(readdirSync(join(tree, 'second')).toSorted(), ['.gitmodules', 'deep', 'o.txt']);
  assert.equal(readFileSync(join(tree, 'second', 'deep', 'n.txt'), 'utf8'), 'inner');
  assert.deepEqual(readdirSync(join(tree, 'lib', 'old')), ['n.txt']);
  assert.ok(!existsSync(join(tree, 'left alone')));
  server.server.close();
  server.server.closeAllConnections();
  for (const folder of ['lib', 'second']) rmSync(join(tree, folder), { recursive: true });
  const kept = await run(['', '', 'second', again]);
  assert.equal(kept.code, 0, kept.lines.join('\n'));
  assert.equal(readFileSync(join(tree, 'second', 'deep', 'n.txt'), 'utf8'), 'inner');
  const afresh = await run(['afresh', '', 'second', again]);
  assert.equal(afresh.code, 3);
  assert.match(
    afresh.lines[0] ?? '',
    /^Submodule second is missing: 127\.0\.0\.1 cannot be reached/,
  );
});

test('what cannot be had is named, once for each reason, and the rest is there', async (t) => {
  const { tree, at, repository, run } = await open(t);
  const there = repository('there', { x: 'x' });
  const secret = at.replace('//', '//ada:secret@');
  const table: [path: string, lines: string | undefined, why: RegExp][] = [
    ['stray', undefined, /\.gitmodules names no address for it/],
    ['relative', 'url = ../there', /\.\.\/there is relative, and a push does not say to what/],
    ['file', 'url = file:///etc', /file:\/\/\/etc is none that builds fetch from/],
    ['ext', 'url = ext::sh -c id', /none that builds fetch from/],
    ['option', 'url = --upload-pack=id', /none that builds fetch from/],
    ['private', `url = ${secret}/private/x`, /write its SSH address .* and set CC_SSH_PRIVATE_KEY/],
    ['gone', `url = ${at}/smart/gone`, /not found/],
    ['closed', 'url = http://127.0.0.1:9/x', /127\.0\.0\.1 cannot be reached .*refused/],
    ['name', 'url = git@no-such-host.invalid:x/y', /no-such-host\.invalid cannot be reached/],
    ['commit', `url = ${at}/smart/there/.git`, /has no commit c{40}/],
  ];
  const both = [...table, ['too', 'url = http://127.0.0.1:9/y', /1/] as const];
  const named = both.filter(([, lines]) => lines !== undefined);
  const modules = Object.fromEntries(named.map(([path, lines = '']) => [path, lines]));
  writeFileSync(
    join(tree, '.gitmodules'),
    modulesOf({ ...modules, there: `url = ${at}/smart/there/.git` }),
  );
  const words = both.flatMap(([path]) => [path, NOBODY]);
  const { code, lines } = await run(['', '', ...words, 'there', there]);
  assert.equal(code, 3);
  assert.equal(readFileSync(join(tree, 'there', 'x'), 'utf8'), 'x');
  for (const [path, , why] of table) {
    const line = lines.find((one) => RegExp(`^(Submodule|2 submodules:) ${path}\\b`).test(one));
    assert.match(line ?? `nothing about ${path}: ${lines.join('\n')}`, why);
  }
  assert.ok(lines.some((line) => line.startsWith('2 submodules: closed, too are missing: ')));
  assert.equal(lines.length, table.length + 1);
  assert.doesNotMatch(lines.join('\n'), /secret/);
});

test('of an address nothing is repeated that somebody signs in with', async (t) => {
  const { tree, at, repository, run } = await open(t);
  const there = repository('there', { x: 'x' });
  const addresses = [
    `${at.replace('//', '//me:secret@')}/smart/there/.git`,
    `${at}/smart/gone?token=secret`,
    'http://me:p@secret@127.0.0.1:9/x',
    'file://me:secret@host/x',
    'https://me:p secret@host/x?secret',
    'https://me:p/secret@host/x',
    'http://secret@[::1/x',
    'me:secret@host:x/y',
    'secret@host/x/y',
    'git@me:secret@host/x',
    '../host?secret',
  ];
  const paths = addresses.map((_, index) => `m${index}`);
  const modules = addresses.map((address, index) => [paths[index], `url = "${address}"`]);
  writeFileSync(join(tree, '.gitmodules'), modulesOf(Object.fromEntries(modules)));
  const { code, lines } = await run(['', '', ...paths.flatMap((path) => [path, there])]);
  assert.equal(code, 3, lines.join('\n'));
  assert.ok(lines[0]?.startsWith(`Submodule m0 is at ${there.slice(0, 12)} of ${at}/smart/there`));
  assert.doesNotMatch(lines.join('\n'), /secret/);
  const named = lines.join('\n').match(/\bm\d+\b/g);
  assert.deepEqual(named?.toSorted(), paths.toSorted());
});

test('an address that nobody can read ends that module alone', async (t) => {
  const { tree, at, repository, run } = await open(t);
  const there = repository('there', { x: 'x' });
  const good = `${at}/smart/there/.git`;
  const addresses: [address: string, why: RegExp][] = [
    ['ssh://git@github.com:org/repo.git', /git@host:path goes without ssh/],
    ['https://host:port/x', /address cannot be read/],
    ['http://[::1/x', /address cannot be read/],
    ['http://127.0.0.1:99999/x', /address cannot be read/],
    ['ftp://h\xe9.invalid/x', /address ftp:.* is none that builds fetch from/],
    [`http://${'a'.repeat(70)}.invalid/x`, /cannot be reached from builds \(.*too long/],
    [good, /File exists/],
  ];
  const paths = addresses.map((_, index) => `m${index}`);
  const modules = addresses.map(([address], index) => [paths[index], `url = "${address}"`]);
  const known = modulesOf(Object.fromEntries([...modules, ['there', `url = ${good}`]]));
  writeFileSync(join(tree, '.gitmodules'), Buffer.from(known, 'latin1'));
  writeFileSync(join(tree, 'm6'), 'stands in the way');
  const words = [...paths, 'there'].flatMap((path) => [path, there]);
  const { code, lines } = await run(['', '', ...words]);
  assert.equal(code, 3, lines.join('\n'));
  assert.equal(readFileSync(join(tree, 'there', 'x'), 'utf8'), 'x');
  for (const [index, [, why]] of addresses.entries())
    assert.match(lines.find((line) => RegExp(`\\bm${index}\\b`).test(line)) ?? '', why);
});

const CONTENT = Buffer.from('the content of a model');

/** A tree with three pointers, of which one is of a content that the server does not have. */
async function openContents(t: TestContext) {
  const opened = await open(t, [CONTENT]);
  const { tree } = opened;
  mkdirSync(Buffer.from(`${tree}/d\xe9p`, 'latin1'));
  const pointer = pointerTo(CONTENT);
  writeFileSync(join(tree, '.gitattributes'), '*.bin filter=lfs diff=lfs merge=lfs -text\n');
  writeFileSync(join(tree, 'a.bin'), pointer);
  writeFileSync(Buffer.from(`${tree}/d\xe9p/b.bin`, 'latin1'), pointer);
  writeFileSync(join(tree, 'gone.bin'), pointerTo(Buffer.from('gone')));
  writeFileSync(join(tree, 'short.txt'), 'version 1');
  symlinkSync('/etc/hostname', join(tree, 'link.bin'));
  return opened;
}

test('pointers of Git LFS are named with why they are left as they are', async (t) => {
  const { tree, at, root, run } = await openContents(t);
  const [one] = (await run(['', 'contents'])).lines;
  assert.equal(
    one,
    String.raw`3 files have a pointer of Git LFS in place of the content (a.bin, "d\351p/b.bin", gone.bin): no server is named: git config -f .lfsconfig lfs.url https://…/info/lfs.`,
  );
  writeFileSync(join(tree, '.lfsconfig'), `[lfs]\n\turl = ${at}/lfs\n`);
  const unread = '[lfs]\n\turl = ssh://git@github.com:org/repo.git\n';
  writeFileSync(join(tree, '.lfsconfig'), unread);
  const [another, ...more] = (await run(['', 'contents'])).lines;
  assert.match(
    another ?? '',
    /^3 files have a pointer .*: (its address cannot be read|this machine)/,
  );
  assert.deepEqual(more, []);
  const bare = join(root, 'bin');
  mkdirSync(bare);
  symlinkSync(execFileSync('which', ['git'], { encoding: 'utf8' }).trim(), join(bare, 'git'));
  const { code, lines } = await run(['', 'contents'], { PATH: bare });
  assert.deepEqual([code, lines.length], [3, 1]);
  assert.match(lines[0] ?? '', /: this machine has no git-lfs/);
  assert.deepEqual(await run(['', 'contents'], { GIT_LFS_SKIP_SMUDGE: '1' }), {
    code: 0,
    lines: [],
  });
});

test('contents that a named server of Git LFS has are in the tree', async (t) => {
  if (!needProgram(t, 'git-lfs')) return;
  const { tree, at, run } = await openContents(t);
  writeFileSync(join(tree, '.lfsconfig'), `[lfs]\n\turl = ${at}/lfs\n`);
  const { code, lines } = await run(['', 'contents']);
  assert.equal(code, 3, lines.join('\n'));
  assert.equal(lines[0], 'Git LFS: 2 files fetched');
  assert.match(lines[1] ?? '', /^1 file has a pointer .* \(gone\.bin\): .*no such object/);
  assert.deepEqual(readFileSync(join(tree, 'a.bin')), CONTENT);
  assert.deepEqual(readFileSync(Buffer.from(`${tree}/d\xe9p/b.bin`, 'latin1')), CONTENT);
  assert.ok(!existsSync(join(tree, '.git')));
  rmSync(join(tree, 'gone.bin'));
  assert.deepEqual(await run(['', 'contents']), { code: 0, lines: [] });
});

test('a module’s own contents come from where the module does', async (t) => {
  if (!needProgram(t, 'git-lfs')) return;
  const { tree, at, repository, run } = await open(t, [CONTENT]);
  const commit = repository('models', {
    '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
    '.lfsconfig': `[lfs]\n\turl = ${at}/lfs\n`,
    'm.bin': pointerTo(CONTENT),
  });
  writeFileSync(join(tree, '.gitmodules'), modulesOf({ m: `url = ${at}/smart/models/.git` }));
  const { code, lines } = await run(['', '', 'm', commit]);
  assert.equal(code, 0, lines.join('\n'));
  assert.deepEqual(readFileSync(join(tree, 'm', 'm.bin')), CONTENT);
});
