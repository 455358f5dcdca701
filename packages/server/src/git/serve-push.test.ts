import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { listDeployments } from '../deployments/list-deployments.ts';
import type { Database } from '../store/database.ts';
import { openApp } from '../testing/app.ts';
import { onSqlite } from '../testing/database.ts';
import { makeApplication } from '../testing/rows.ts';

const KIB = 1024;

/** A client of git with a repository of its own, and where it pushes to. */
async function openClient(database: Database, t: TestContext) {
  const { app, claimed, context } = await openApp(database, t);
  const { organizationId: ownerId, pair } = claimed;
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const folder = mkdtempSync(join(tmpdir(), 'grid-push-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const git = (...args: string[]) =>
    new Promise<{ ok: boolean; text: string }>((resolve) => {
      const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];
      execFile('git', ['-C', folder, ...who, ...args], (error, out, err) =>
        resolve({ ok: error === null, text: out + err }),
      );
    });
  await git('init', '--quiet', '--initial-branch=master');
  const application = async () => {
    const id = await makeApplication(database, { ownerId });
    const url = `http://${pair.token}:${pair.secret}@127.0.0.1:${port}/git/${id}.git`;
    const objects = join(context.paths.repository(id), 'objects');
    return { id, objects, push: (ref = 'HEAD:master') => git('push', url, ref) };
  };
  /** A commit with a file that no packing makes smaller. */
  const commit = async (name: string, bytes: number) => {
    writeFileSync(join(folder, name), randomBytes(bytes));
    await git('add', '--all');
    await git('commit', '--quiet', '--message', name);
  };
  /** An object of these bytes, whatever git would say of them. */
  const write = async (type: 'commit' | 'tree' | 'blob', bytes: string): Promise<string> => {
    writeFileSync(join(folder, '.git', 'bytes'), bytes, 'latin1');
    const options = ['hash-object', '-w', '-t', type, '--literally', '.git/bytes'];
    return (await git(...options)).text.trim();
  };
  return { context, application, commit, write };
}

const quarantines = (objects: string): string[] =>
  readdirSync(objects).filter((name) => name.startsWith('tmp'));

onSqlite('a push is recorded, and its pusher told of the deployment', async (database, t) => {
  const { application, commit } = await openClient(database, t);
  const { id, push } = await application();
  await commit('a', 10);
  const { ok, text } = await push();
  assert.ok(ok, text);
  const [deployment] = await listDeployments(database.read, id, 1);
  assert.ok(deployment !== undefined && text.includes(deployment.id), text);
  assert.match((await push('HEAD:topic')).text, /only master and main are deployed/);
});

onSqlite('a repository takes no more than its part of the disk', async (database, t) => {
  const { application, commit, context } = await openClient(database, t);
  const { objects, push } = await application();
  context.gitLimits.most = { repository: 100 * KIB, owner: 1000 * KIB };
  await commit('a', 60 * KIB);
  assert.ok((await push()).ok);
  await commit('b', 60 * KIB);
  const larger = await push();
  assert.ok(!larger.ok);
  assert.match(larger.text, /pack exceeds maximum allowed size/);
  assert.deepEqual(quarantines(objects), []);
  context.gitLimits.most = { repository: 50 * KIB, owner: 1000 * KIB };
  const refused = await push();
  assert.ok(!refused.ok);
  assert.match(refused.text, /The repository of app may take 0 GiB: keep data/);
});

onSqlite('nor does an owner, with all repositories together', async (database, t) => {
  const { application, commit, context } = await openClient(database, t);
  const [first, second, third] = [await application(), await application(), await application()];
  context.gitLimits.most = { repository: 1000 * KIB, owner: 100 * KIB };
  await commit('a', 60 * KIB);
  assert.ok((await first.push()).ok);
  const [one, other] = await Promise.all([second.push(), third.push()]);
  assert.ok(!one.ok && !other.ok, one.text + other.text);
  for (const { objects } of [second, third]) assert.deepEqual(quarantines(objects), []);
});

const WHO = 'Ada <ada@example.com> 1500000000 +0000';
/** Who wrote it and who committed it, as programs of old wrote that down. */
const OLD = {
  missingSpaceBeforeEmail: [`author ${WHO.replace(' <', '<')}`, `committer ${WHO}`],
  missingSpaceBeforeDate: [`author ${WHO.replace('> ', '>')}`, `committer ${WHO}`],
  missingNameBeforeEmail: [`author ${WHO.replace('Ada ', '')}`, `committer ${WHO}`],
  missingEmail: ['author Ada 1500000000 +0000', `committer ${WHO}`],
  badEmail: [`author ${WHO.replace('ada@', '<ada@')}`, `committer ${WHO}`],
  badName: [`author ${WHO.replace('Ada', 'Ada>')}`, `committer ${WHO}`],
  zeroPaddedDate: [`author ${WHO.replace(' 1', ' 01')}`, `committer ${WHO}`],
  badDate: [`author ${WHO.replace('1500000000', 'x')}`, `committer ${WHO}`],
  badDateOverflow: [`author ${WHO.replace('15', '9'.repeat(20))}`, `committer ${WHO}`],
  badTimezone: [`author ${WHO.replace('+0000', '+051800')}`, `committer ${WHO}`],
  multipleAuthors: [`author ${WHO}`, `author ${WHO}`, `committer ${WHO}`],
  missingAuthor: [`committer ${WHO}`],
  missingCommitter: [`author ${WHO}`],
  nulInCommit: [`author ${WHO}`, `committer ${WHO}`, '', 'one\0two'],
};

onSqlite('old commits are taken, and what is wrong with them is told', async (database, t) => {
  const { application, write } = await openClient(database, t);
  const { id, push } = await application();
  const blob = Buffer.from(await write('blob', 'x'), 'hex').toString('latin1');
  const tree = await write('tree', `0100644 f\0${blob}`);
  let top: string | undefined;
  for (const lines of Object.values(OLD)) {
    const above = top === undefined ? [] : [`parent ${top}`];
    top = await write('commit', [`tree ${tree}`, ...above, ...lines, '', 'one', ''].join('\n'));
  }
  const { ok, text } = await push(`${top}:refs/heads/master`);
  assert.ok(ok, text);
  for (const flaw of [...Object.keys(OLD), 'zeroPaddedFilemode'])
    assert.match(text, new RegExp(`remote: warning: object \\w+: ${flaw}: `));
  assert.equal((await listDeployments(database.read, id, 1)).length, 1);
});

onSqlite('what endangers whoever checks it out is refused', async (database, t) => {
  const { application, write } = await openClient(database, t);
  const { id, push } = await application();
  const blob = async (text: string) =>
    Buffer.from(await write('blob', text), 'hex').toString('latin1');
  const [x, url] = [
    await blob('x'),
    await blob('[submodule "x"]\n\tpath = x\n\turl = --upload-pack=id\n'),
  ];
  const trees = {
    hasDotgit: `100644 .git\0${x}`,
    hasDotdot: `100644 ..\0${x}`,
    fullPathname: `100644 a/b\0${x}`,
    duplicateEntries: `100644 f\0${x}100644 f\0${x}`,
    gitmodulesSymlink: `120000 .gitmodules\0${x}`,
    gitmodulesUrl: `100644 .gitmodules\0${url}`,
  };
  for (const [flaw, bytes] of Object.entries(trees)) {
    const tree = await write('tree', bytes);
    const commit = `tree ${tree}\nauthor ${WHO}\ncommitter ${WHO}\n\none\n`;
    const { ok, text } = await push(`${await write('commit', commit)}:refs/heads/master`);
    assert.ok(!ok, flaw);
    assert.match(text, new RegExp(`error: object \\w+: ${flaw}: `));
  }
  assert.deepEqual(await listDeployments(database.read, id, 1), []);
});
