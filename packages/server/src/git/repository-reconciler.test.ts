import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listDeployments } from '../deployments/list-deployments.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { onEachDatabase } from '../testing/database.ts';
import { openRepository } from '../testing/repository.ts';
import { hasCommit } from './repository.ts';
import { newestMoved, recordPushed } from './repository-reconciler.ts';

const [MASTER, MAIN] = ['refs/heads/master', 'refs/heads/main'];

onEachDatabase(
  'a ref that moved gets one deployment, however many look at once',
  async (database, t) => {
    const { id, deps, move, commits, user } = await openRepository(database, t);
    assert.equal(await recordPushed(deps, id), undefined);
    const first = await move(MASTER, 1_000_000_000);
    const looks = await Promise.all(
      Array.from({ length: 5 }, () => recordPushed(deps, id, user.id)),
    );
    assert.equal(looks.filter((one) => one !== undefined).length, 1);
    assert.deepEqual(await commits(), [first]);
    assert.equal((await listDeployments(database.read, id))[0]?.authorId, user.id);
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
