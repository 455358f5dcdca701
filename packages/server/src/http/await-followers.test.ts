import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment } from '../deployments/deployment.ts';
import { newId } from '../lib/ids.ts';
import { createFollowers } from '../logs/followers.ts';
import { silentLog } from '../testing/log.ts';
import type { DeploymentStatus } from '../store/schema.ts';
import { awaitFollowers } from './await-followers.ts';

const NOW = 1_000_000;

function openAnswer(status: DeploymentStatus, finishedAt: number | null) {
  const followers = createFollowers({
    database: { afterCommit: () => () => undefined },
    clock: () => NOW,
    log: silentLog,
  });
  const applicationId = newId('application');
  const follower = followers.join({
    key: applicationId,
    applicationId,
    look: async () => ({ sources: [] }),
  });
  const deployment = { id: newId('deployment'), applicationId, status, finishedAt } as Deployment;
  let given = false;
  const answer = awaitFollowers({ followers, clock: () => NOW }, [deployment]).then(
    () => (given = true),
  );
  return {
    follower,
    answer,
    async isGiven(): Promise<boolean> {
      await new Promise(setImmediate);
      return given;
    },
  };
}

for (const status of ['live', 'completed', 'failed', 'cancelled'] as const)
  test(`that a deployment is ${status} is said when its followers have read what there is`, async () => {
    const { follower, answer, isGiven } = openAnswer(status, NOW - 10);
    assert.equal(await isGiven(), false);
    follower.lookBegins();
    follower.lookEnds([]);
    await answer;
  });

test('nobody waits where a deployment is not over, or has been for two seconds', async () => {
  assert.equal(await openAnswer('running', null).isGiven(), true);
  assert.equal(await openAnswer('building', null).isGiven(), true);
  assert.equal(await openAnswer('completed', NOW - 2_000).isGiven(), true);
});

test('a follower that does not read holds nobody up for longer', async () => {
  await openAnswer('completed', NOW - 1_990).answer;
});
