import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { newId } from '../lib/ids.ts';
import { dataPaths } from '../paths.ts';
import { createCommitReader } from './read-commit.ts';

/** Links of that commit, and where they lead. */
const LINKS = {
  link: 'a.json',
  'deep folder/link': '../link',
  out: '/etc/hostname',
  up: '../a.json',
  loop: 'loop',
  dead: 'nothing',
};

/** A repository with one commit of these files. */
function repositoryOf(t: TestContext, files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), 'grid-commit-'));
  t.after(() => rmSync(root, { recursive: true }));
  const paths = dataPaths(root);
  const applicationId = newId('application');
  const work = join(root, 'work');
  const author = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];
  const settings = join(root, 'settings');
  writeFileSync(settings, '[safe]\n\tdirectory = *\n');
  const env = { ...process.env, GIT_CONFIG_GLOBAL: settings };
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', work, ...author, ...args], { encoding: 'utf8', env }).trim();
  mkdirSync(join(work, 'deep folder'), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(work, path), text);
  for (const [path, target] of Object.entries(LINKS)) symlinkSync(target, join(work, path));
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'one');
  const bare = paths.repository(applicationId);
  git('clone', '--quiet', '--bare', '.', bare);
  const commitId = git('rev-parse', 'HEAD');
  return { read: createCommitReader(paths), from: { applicationId, commitId }, git, bare };
}

const wanted = (...paths: string[]) => paths.map((path) => ({ path, read: true }));

test('what stands at the paths of a commit is told, with the text of short files', async (t) => {
  const { read, from, git } = repositoryOf(t, {
    'a.json': '{"é": 1}\n',
    'deep folder/b\n*': 'b',
    ':c': 'c',
    'as long as any': 'x'.repeat(256 * 1024),
    long: 'x'.repeat(256 * 1024 + 1),
    longer: 'x'.repeat(256 * 1024 + 1),
  });
  const { treeId, files } = await read(from, [
    ...wanted(
      'a.json',
      'deep folder/b\n*',
      'as long as any',
      'long',
      'missing',
      'deep folder',
      '*',
      ':c',
      ...Object.keys(LINKS),
    ),
  ]);
  assert.equal(treeId, git('rev-parse', 'HEAD^{tree}'));
  assert.deepEqual(Object.fromEntries(files), {
    'a.json': { text: '{"é": 1}\n' },
    'deep folder/b\n*': { text: 'b' },
    ':c': { text: 'c' },
    'as long as any': { text: 'x'.repeat(256 * 1024) },
    long: { text: undefined, longerThan: 256 * 1024 },
    link: { text: '{"é": 1}\n' },
    'deep folder/link': { text: '{"é": 1}\n' },
    ...Object.fromEntries(['out', 'up', 'loop', 'dead'].map((path) => [path, { text: undefined }])),
  });
  const unread = await read(from, [{ path: 'a.json', read: false }]);
  assert.deepEqual(unread.files.get('a.json'), { text: undefined });
  const unreadAndLong = await read(from, [{ path: 'longer', read: false }]);
  assert.deepEqual(unreadAndLong.files.get('longer'), { text: undefined });
  assert.equal((await read(from, [])).files.size, 0);
});

test('a commit that was not there is looked for again', async (t) => {
  const { read, from, git, bare } = repositoryOf(t, { 'a.json': '' });
  git('commit', '--quiet', '--allow-empty', '--message', 'two');
  const next = { ...from, commitId: git('rev-parse', 'HEAD') };
  await assert.rejects(read(next, []));
  git('push', '--quiet', bare, 'HEAD');
  assert.ok((await read(next, [])).treeId);
});
