import assert from 'node:assert/strict';
import { PLATFORM } from '../events/actor.ts';
import { SECOND } from '../lib/duration.ts';
import type { DeploymentId } from '../lib/ids.ts';
import { setLimit } from '../limits/change-limits.ts';
import { findFlavor } from '../scheduling/flavor-store.ts';
import { inStillWorld } from '../testing/still-world.ts';
import type { StillWorld } from '../testing/still-world.ts';
import { cancelDeployment } from './cancel-deployment.ts';
import { findDeploymentById } from './deployment-store.ts';

const WEBAPP = { variant: 'ml_python_web' };

async function stateOf({ database }: StillWorld, id: DeploymentId) {
  const found = await findDeploymentById(database.read, id);
  return [found?.status, found?.reason];
}

/** Lets time pass, and the engine tell what is over. */
async function later(world: StillWorld, ms: number): Promise<void> {
  world.time.now += ms;
  await world.look('cleanup', 'engine');
}

inStillWorld('each look is one step: turn, build, start, live', {}, async (world) => {
  const id = await world.push(await world.application(WEBAPP));
  assert.deepEqual(await stateOf(world, id), ['queued', null]);
  await world.look('deployment', id);
  assert.deepEqual(await stateOf(world, id), ['building', null]);
  await world.look('deployment', id);
  assert.deepEqual(await stateOf(world, id), ['starting', null]);
  assert.equal((await world.rows())['artifacts']?.length, 1);
  await world.look('queue', 'all');
  await world.look('deployment', id);
  assert.deepEqual(await stateOf(world, id), ['starting', null]);
  await world.lookAtAll(['deployment']);
  assert.deepEqual(await stateOf(world, id), ['starting', null]);
  await world.look('deployment', id);
  assert.deepEqual(await stateOf(world, id), ['live', null]);
  assert.ok((await world.due()).includes('routes all'));
});

inStillWorld(
  'a build goes from step to step, each an instance; one that fails fails it',
  {
    planOf: () => ({ steps: 2 }),
    fateOf: ({ number }) => ({ runsFor: SECOND, exit: { exitCode: number } }),
  },
  async (world) => {
    const id = await world.push(await world.application());
    await world.lookAtAll();
    assert.deepEqual(await stateOf(world, id), ['building', null]);
    assert.equal(world.engine.started.length, 1);
    await later(world, SECOND);
    await world.lookAtAll();
    assert.deepEqual(await stateOf(world, id), ['building', null]);
    assert.equal(world.engine.started.length, 2);
    await later(world, SECOND);
    await world.lookAtAll();
    assert.deepEqual(await stateOf(world, id), ['failed', 'build_failed']);
    assert.deepEqual(world.engine.kept(), []);
    assert.match(
      (world.said.get(id) ?? []).at(-1) ?? '',
      /^deploy failed in 2.0 seconds: exit code 1/,
    );
  },
);

inStillWorld('what serves goes on until its successor does', {}, async (world) => {
  const id = await world.application(WEBAPP);
  const first = await world.push(id, 1);
  await world.lookAtAll();
  const second = await world.push(id, 2);
  await world.lookAtAll(['deployment']);
  assert.deepEqual(await stateOf(world, first), ['live', null]);
  await world.lookAtAll();
  assert.deepEqual(
    [await stateOf(world, first), await stateOf(world, second)],
    [
      ['superseded', null],
      ['live', null],
    ],
  );
});

inStillWorld(
  'what serves is not ended for a successor that a limit of its owner keeps waiting all the same',
  {},
  async (world) => {
    const [one, other] = [await world.application(WEBAPP), await world.application(WEBAPP)];
    const first = await world.push(one, 1);
    await world.push(other, 1);
    await world.lookAtAll();
    const { memoryMiB = 0 } = (await findFlavor(world.database.read, 'XS')) ?? {};
    const limit = (value: number) =>
      setLimit(world, { name: 'memory', ownerId: world.ownerId, value, by: PLATFORM });
    await limit(2 * memoryMiB - 1);
    const second = await world.push(one, 2);
    await world.lookAtAll();
    const states = async () => [await stateOf(world, first), await stateOf(world, second)];
    assert.deepEqual(await states(), [
      ['live', null],
      ['starting', 'owner_limit'],
    ]);
    await limit(memoryMiB - 1);
    await world.lookAtAll();
    assert.deepEqual(await states(), [
      ['live', null],
      ['failed', 'never_fits'],
    ]);
  },
);

inStillWorld('one that is cancelled ends with all that it started', {}, async (world) => {
  const applicationId = await world.application();
  const id = await world.push(applicationId);
  await world.lookAtAll();
  assert.equal(world.engine.running().length, 1);
  await cancelDeployment(world, { applicationId, deployment: id, by: PLATFORM });
  await world.look('deployment', id);
  assert.deepEqual(await stateOf(world, id), ['cancelled', null]);
  await world.lookAtAll();
  assert.deepEqual(world.engine.kept(), []);
  const runs = (await world.rows())['runs'] as { status: string }[];
  assert.deepEqual(
    runs.map(({ status }) => status),
    ['cancelled'],
  );
});

inStillWorld(
  'looks that fail again and again fail it, instead of for ever',
  {
    planOf: () => {
      throw new Error('out of wits');
    },
  },
  async (world) => {
    const id = await world.push(await world.application());
    await world.look('deployment', id);
    await assert.rejects(world.look('deployment', id, 9), /out of wits/);
    await world.look('deployment', id, 10);
    assert.deepEqual(await stateOf(world, id), ['failed', 'platform_error']);
  },
);

const details = async ({ database }: StillWorld) =>
  (await database.read.selectFrom('deployments').selectAll().orderBy('number').execute()).map(
    ({ reason, detail }) => [reason, detail],
  );

inStillWorld(
  'they are brought live one after the other, and what waits says for what',
  {},
  async (world) => {
    const applicationId = await world.application();
    const [first, second, third] = [
      await world.push(applicationId, 1),
      await world.push(applicationId, 2),
      await world.push(applicationId, 3),
    ];
    await world.lookAtAll();
    const [, ofSecond, ofThird] = await details(world);
    assert.deepEqual([ofSecond?.[0], ofThird?.[0]], ['behind_deployment', 'behind_deployment']);
    assert.match(ofSecond?.[1] ?? '', /^Waits for deployment #1:/);
    assert.match(ofThird?.[1] ?? '', /^Waits for deployment #2:/);
    await cancelDeployment(world, { applicationId, deployment: first, by: PLATFORM });
    await world.lookAtAll(['workload']);
    assert.deepEqual(await stateOf(world, first), ['cancelled', null]);
    assert.deepEqual(await stateOf(world, second), ['starting', 'behind_run']);
    assert.equal(world.engine.running().length, 1);
    await world.lookAtAll();
    assert.deepEqual(await stateOf(world, second), ['running', null]);
    assert.deepEqual(await stateOf(world, third), ['queued', 'behind_deployment']);
    assert.equal(world.engine.running().length, 1);
  },
);

inStillWorld(
  'one that waits is cancelled without touching what is under way',
  {},
  async (world) => {
    const applicationId = await world.application();
    const [first, second] = [
      await world.push(applicationId, 1),
      await world.push(applicationId, 2),
    ];
    await world.lookAtAll();
    const running = world.engine.running();
    await cancelDeployment(world, { applicationId, deployment: second, by: PLATFORM });
    await world.lookAtAll();
    assert.deepEqual(
      [await stateOf(world, first), await stateOf(world, second)],
      [
        ['running', null],
        ['cancelled', null],
      ],
    );
    assert.deepEqual(world.engine.running(), running);
  },
);

inStillWorld('where a push cancels, the newest is all that runs in the end', {}, async (world) => {
  const applicationId = await world.application();
  await world.database.transaction((tx) =>
    tx.updateTable('applications').set({ cancelOnPush: true }).execute(),
  );
  const first = await world.push(applicationId, 1);
  await world.lookAtAll();
  const [second, third] = [await world.push(applicationId, 2), await world.push(applicationId, 3)];
  await world.lookAtAll();
  assert.deepEqual(
    [await stateOf(world, first), await stateOf(world, second), await stateOf(world, third)],
    [
      ['cancelled', null],
      ['cancelled', null],
      ['running', null],
    ],
  );
  assert.equal(world.engine.running().length, 1);
});
