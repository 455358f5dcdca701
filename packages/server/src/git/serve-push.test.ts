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
  return { context, application, commit };
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
