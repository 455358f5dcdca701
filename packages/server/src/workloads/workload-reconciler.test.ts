import assert from 'node:assert/strict';
import { SECOND } from '../lib/duration.ts';
import { inStillWorld } from '../testing/still-world.ts';
import type { StillWorld } from '../testing/still-world.ts';
import { wantGone } from './want-gone.ts';

const WEBAPP = { variant: 'ml_python_web' };

async function theWorkload({ database }: StillWorld) {
  const rows = await database.read.selectFrom('workloads').selectAll().execute();
  const [newest] = rows.toSorted((a, b) => b.createdAt - a.createdAt);
  assert.ok(newest);
  return newest;
}

/** A Webapp that has room, and is not started yet. */
async function admitted(world: StillWorld) {
  const id = await world.application(WEBAPP);
  await world.push(id);
  await world.lookAtAll(['workload']);
  return theWorkload(world);
}

inStillWorld('the engine is asked for what has room, once', {}, async (world) => {
  const { id } = await admitted(world);
  await world.look('workload', id);
  await world.look('workload', id);
  assert.equal(world.engine.started.length, 1);
  assert.equal(world.engine.started[0]?.workloadId, id);
});

inStillWorld(
  'while its engine is away it says so and tries again, and nothing else changes',
  {},
  async (world) => {
    const { id } = await admitted(world);
    world.engine.setAway(true);
    assert.equal(await world.look('workload', id), world.clock() + 5 * SECOND);
    const { engineAway, state } = await theWorkload(world);
    assert.equal(state, 'admitted');
    assert.match(engineAway ?? '', /^Waits for its engine\./);
    world.engine.setAway(false);
    await world.look('workload', id);
    assert.equal((await theWorkload(world)).engineAway, null);
    assert.equal(world.engine.running().length, 1);
  },
);

inStillWorld(
  'one that ended is started again, each time later, which is said and not paid for',
  { fateOf: ({ attempt }) => (attempt < 4 ? { runsFor: 5 * SECOND, exit: { exitCode: 7 } } : {}) },
  async (world) => {
    const { id, subjectId } = await admitted(world);
    await world.lookAtAll();
    const pauses: number[] = [];
    for (let crash = 0; crash < 3; crash += 1) {
      world.time.now += 5 * SECOND;
      await world.look('cleanup', 'engine');
      const again = (await world.look('workload', id)) ?? 0;
      pauses.push(again - world.clock());
      world.time.now = again;
      await world.look('workload', id);
      await world.lookAtAll(['devices']);
    }
    assert.deepEqual(pauses, [SECOND, 2 * SECOND, 4 * SECOND]);
    assert.equal(world.engine.running()[0]?.attempt, 4);
    assert.deepEqual(
      (world.said.get(subjectId) ?? []).filter((line) => line.startsWith('Instance 0')),
      [1, 2, 4].map(
        (seconds, index) =>
          `Instance 0 ended (exit code 7): it is started again in ${seconds} s, attempt ${index + 2}.`,
      ),
    );
    const paid = await world.database.read
      .selectFrom('usageIntervals as u')
      .innerJoin('instances as i', 'i.id', 'u.instanceId')
      .select(['u.startedAt', 'i.startAfter'])
      .where('i.attempt', '>', 1)
      .execute();
    assert.equal(paid.length, 3);
    assert.ok(paid.every(({ startedAt, startAfter }) => startedAt === startAfter));
    assert.equal((await world.rows())['deployments']?.length, 1, 'it is no new deployment');
  },
);

inStillWorld(
  'what is replaced goes when its requests are over, or their time is',
  {},
  async (world) => {
    const id = await world.application(WEBAPP);
    await world.push(id, 1);
    await world.lookAtAll();
    const { id: former } = await theWorkload(world);
    world.requests.underWay = 1;
    world.time.now += 1;
    await world.push(id, 2);
    await world.lookAtAll();
    assert.equal(world.engine.running().length, 2);
    assert.equal(await world.look('workload', former), world.clock() + 250);
    world.time.now += 120 * SECOND;
    await world.look('workload', former);
    await world.lookAtAll(['cleanup']);
    assert.deepEqual(
      world.engine.running().map(({ workloadId }) => workloadId === former),
      [false],
    );
  },
);

inStillWorld('what ends gives back what it held, and lets the queue know', {}, async (world) => {
  const { id } = await admitted(world);
  await world.lookAtAll();
  await world.database.transaction((tx) => wantGone(tx, { workloadId: id }, world.clock()));
  await world.look('workload', id);
  assert.equal((await theWorkload(world)).state, 'gone');
  assert.deepEqual(world.engine.kept(), []);
  assert.ok((await world.due()).includes('queue all'));
  const usage = (await world.rows())['usageIntervals'] as { endedAt: number | null }[];
  assert.deepEqual(
    usage.map(({ endedAt }) => endedAt),
    [world.clock()],
  );
});
