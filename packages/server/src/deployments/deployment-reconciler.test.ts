import assert from 'node:assert/strict';
import { PLATFORM } from '../events/actor.ts';
import { SECOND } from '../lib/duration.ts';
import type { DeploymentId } from '../lib/ids.ts';
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
