import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { listDeployments } from '../deployments/list-deployments.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { dataPaths } from '../paths.ts';
import type { Database } from '../store/database.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeApplication, makeOwner } from '../testing/rows.ts';
import { createRepository, hasCommit } from './repository.ts';
import { newestMoved, recordPushed } from './repository-reconciler.ts';
import { git } from './run-git.ts';

const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const [MASTER, MAIN] = ['refs/heads/master', 'refs/heads/main'];

async function openRepository(database: Database, t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'grid-git-'));
  t.after(() => rmSync(root, { recursive: true }));
  const paths = dataPaths(root);
  const { userId, organizationId } = await makeOwner(database);
  const id = await makeApplication(database, { ownerId: organizationId });
  await createRepository(paths, id);
  const dir = ['--git-dir', paths.repository(id)];
  const who = { GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.com' };
  return {
    userId,
    id,
    deps: { database, clock: () => 5, paths },
    /** Moves a ref to a new commit, as a push does. */
    async move(ref: string, at: number): Promise<string> {
      const date = `${at} +0000`;
      const names = { ...who, GIT_COMMITTER_NAME: 'Ada', GIT_COMMITTER_EMAIL: 'ada@example.com' };
      const dates = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
      const made = ['commit-tree', EMPTY_TREE, '-m', `${ref} ${at}`];
      await git([...dir, 'hash-object', '-t', 'tree', '-w', '/dev/null']);
      const commit = (await git([...dir, ...made], undefined, { ...names, ...dates })).trim();
      await git([...dir, 'update-ref', ref, commit]);
      return commit;
    },
    commits: async () =>
      (await listDeployments(database.read, id)).map(({ commitId }) => commitId).toReversed(),
  };
}

onEachDatabase(
  'a ref that moved gets one deployment, however many look at once',
  async (database, t) => {
    const { id, deps, move, commits, userId } = await openRepository(database, t);
    assert.equal(await recordPushed(deps, id), undefined);
    const first = await move(MASTER, 1_000_000_000);
    const looks = await Promise.all(
      Array.from({ length: 5 }, () => recordPushed(deps, id, userId)),
    );
    assert.equal(looks.filter((one) => one !== undefined).length, 1);
    assert.deepEqual(await commits(), [first]);
    assert.equal((await listDeployments(database.read, id))[0]?.authorId, userId);
    assert.equal(await recordPushed(deps, id), undefined);
  },
);

onEachDatabase(
  'of branches that moved together the newest commit is deployed',
  async (database, t) => {
    const { id, deps, move, commits } = await openRepository(database, t);
    const newest = await move(MAIN, 1_000_000_002);
    await move(MASTER, 1_000_000_001);
    await recordPushed(deps, id);
    assert.deepEqual(await commits(), [newest]);
    const older = await move(MASTER, 1_000_000_000);
    await recordPushed(deps, id);
    assert.deepEqual(await commits(), [newest, older]);
  },
);

onEachDatabase('tags and an application that is gone are no deployment', async (database, t) => {
  const { id, deps, move, commits } = await openRepository(database, t);
  const tagged = await move('refs/tags/v1', 1_000_000_000);
  assert.equal(await recordPushed(deps, id), undefined);
  assert.deepEqual(await commits(), []);
  assert.equal(await hasCommit(deps.paths, { applicationId: id, commitId: tagged }), true);
  assert.equal(await hasCommit(deps.paths, { applicationId: id, commitId: 'f'.repeat(40) }), false);
  assert.equal(await hasCommit(deps.paths, { applicationId: id, commitId: '--all' }), false);
  const gone = 'app_11111111-1111-4111-8111-111111111111' as ApplicationId;
  assert.equal(await recordPushed(deps, gone), undefined);
});

test('a branch that is where it was has not moved', () => {
  const heads = [
    { ref: 'master', commitId: 'a', at: 9 },
    { ref: 'main', commitId: 'b', at: 1 },
  ];
  assert.equal(newestMoved(heads, { master: 'a', main: 'x' }), 'b');
  assert.equal(newestMoved(heads, { master: 'a', main: 'b' }), undefined);
  assert.equal(newestMoved(heads, {}), 'a');
});
