import assert from 'node:assert/strict';
import { PLATFORM } from '../events/actor.ts';
import { MINUTE, SECOND } from '../lib/duration.ts';
import type { RunId } from '../lib/ids.ts';
import { device } from '../testing/leases.ts';
import { inStillWorld } from '../testing/still-world.ts';
import type { StillWorld } from '../testing/still-world.ts';
import { findRunById } from './run-store.ts';
import { stopRun } from './stop-run.ts';

/** A Runner’s run, whose nodes are started as soon as there is room; what has ended is seen, and nothing concluded. */
async function started(world: StillWorld, size: { flavor?: string; nodes?: number } = {}) {
  await world.push(await world.application(size));
  await world.lookAtAll(['run']);
  const { id } = await world.database.read
    .selectFrom('runs')
    .select('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Lets time pass, and the engine tell what is over. */
async function later(world: StillWorld, ms: number): Promise<void> {
  world.time.now += ms;
  await world.look('cleanup', 'engine');
}

async function stateOf({ database }: StillWorld, id: RunId) {
  const run = await findRunById(database.read, id);
  return [run?.status, run?.reason];
}

const attempts = async ({ database }: StillWorld) =>
  (await database.read.selectFrom('attempts').selectAll().orderBy('number').execute()).map(
    ({ status, reason }) => [status, reason],
  );

inStillWorld(
  'a run is running when all of its nodes are, and over when all have ended well',
  { fateOf: ({ number }) => ({ runsFor: (number + 1) * SECOND }) },
  async (world) => {
    const id = await started(world, { nodes: 2 });
    assert.deepEqual(await stateOf(world, id), ['waiting', null]);
    await world.look('run', id);
    assert.deepEqual(await stateOf(world, id), ['running', null]);
    await later(world, SECOND);
    await world.look('run', id);
    assert.deepEqual(await stateOf(world, id), ['running', null]);
    await later(world, SECOND);
    await world.look('run', id);
    assert.deepEqual(await stateOf(world, id), ['succeeded', null]);
    await world.lookAtAll();
    assert.deepEqual(world.engine.kept(), []);
  },
);

inStillWorld(
  'an attempt that failed is tried again after a pause, when what it held is given back',
  { fateOf: () => ({ runsFor: SECOND, exit: { signal: 'SIGKILL' } }) },
  async (world) => {
    const id = await started(world);
    await world.database.transaction((tx) =>
      tx.updateTable('runs').set({ retries: 1 }).where('id', '=', id).execute(),
    );
    await world.look('run', id);
    await later(world, SECOND);
    await world.look('run', id);
    assert.deepEqual(await stateOf(world, id), ['waiting', 'pausing']);
    assert.equal(await world.look('run', id), undefined);
    await world.lookAtAll();
    assert.equal((await attempts(world)).length, 1);
    world.time.now += MINUTE;
    await world.lookAtAll();
    assert.equal((await attempts(world)).length, 2);
    assert.equal(world.engine.running().length, 1);
    await later(world, SECOND);
    await world.lookAtAll();
    assert.deepEqual(await stateOf(world, id), ['failed', 'exited']);
    assert.equal(world.engine.started.length, 2);
  },
);

inStillWorld('a run that takes longer than it may is ended', {}, async (world) => {
  const id = await started(world);
  await world.database.transaction((tx) =>
    tx.updateTable('runs').set({ maxDuration: MINUTE, retries: 0 }).where('id', '=', id).execute(),
  );
  await world.look('run', id);
  assert.equal(await world.look('run', id), world.clock() + MINUTE);
  await later(world, MINUTE);
  await world.look('run', id);
  assert.deepEqual(await attempts(world), [['running', null]]);
  await world.lookAtAll();
  assert.deepEqual(await stateOf(world, id), ['failed', 'max_duration']);
  assert.deepEqual(world.engine.kept(), []);
});

inStillWorld(
  'a run whose device falls ill is ended, and says which',
  { devices: [device(0)] },
  async (world) => {
    await world.look('devices', 'inventory');
    const id = await started(world, { flavor: 'ML_XS' });
    await world.look('run', id);
    world.devices[0] = device(0, { reason: 'xid', detail: 'Xid 79' });
    await world.look('devices', 'inventory');
    assert.ok((await world.due()).includes(`run ${id}`));
    await world.look('run', id);
    const [attempt] = await world.database.read.selectFrom('attempts').selectAll().execute();
    assert.deepEqual(
      [attempt?.ending, attempt?.detail],
      ['device_lost', 'device_lost: GPU-0 is not well any more: Xid 79'],
    );
  },
);

inStillWorld('a run that is stopped is cancelled at its next look', {}, async (world) => {
  const id = await started(world);
  const run = await findRunById(world.database.read, id);
  assert.ok(run);
  await stopRun(world, run, PLATFORM);
  await world.look('run', id);
  assert.deepEqual(await stateOf(world, id), ['cancelled', null]);
  await world.lookAtAll();
  assert.deepEqual(world.engine.kept(), []);
});

inStillWorld(
  'how long a run takes is known from its application’s runs of that size; where there are none, of others',
  { fateOf: () => ({ runsFor: 10 * SECOND }) },
  async (world) => {
    const estimates = async () =>
      (
        await world.database.read
          .selectFrom('workloads')
          .select(['estimate', 'estimateBasis'])
          .where('subjectKind', '=', 'run')
          .orderBy('createdAt')
          .execute()
      ).map(({ estimate, estimateBasis }) => [estimate, estimateBasis]);
    const id = await world.application({ flavor: 'pico' });
    const run = async (commit: number, flavor: string, took: number) => {
      await world.database.transaction((tx) =>
        tx.updateTable('applications').set({ flavor }).where('id', '=', id).execute(),
      );
      await world.push(id, commit);
      await world.lookAtAll();
      await later(world, took);
      await world.lookAtAll();
    };
    await run(1, 'pico', 10 * SECOND);
    await run(2, 'XS', 20 * SECOND);
    await run(3, 'XS', 10 * SECOND);
    await run(4, 'nano', 10 * SECOND);
    assert.deepEqual(await estimates(), [
      [24 * 60 * MINUTE, 'assumption'],
      [13 * SECOND, 'history'],
      [26 * SECOND, 'history'],
      [26 * SECOND, 'history'],
    ]);
  },
);
