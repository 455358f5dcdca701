import assert from 'node:assert/strict';
import { MINUTE, SECOND } from '../lib/duration.ts';
import { newId } from '../lib/ids.ts';
import { workloadOf } from '../testing/engine.ts';
import { inStillWorld } from '../testing/still-world.ts';
import type { StillWorld } from '../testing/still-world.ts';

const WEBAPP = { variant: 'ml_python_web' };

async function serving(world: StillWorld) {
  await world.push(await world.application(WEBAPP));
  await world.lookAtAll();
  const [one] = world.engine.running();
  assert.ok(one);
  return one;
}

const instances = async ({ database }: StillWorld) =>
  (await database.read.selectFrom('instances').selectAll().execute()).map(({ status, reason }) => [
    status,
    reason,
  ]);

inStillWorld(
  'what is gone without a trace is over, and paid for until it was seen last',
  {},
  async (world) => {
    const { instanceId, workloadId } = await serving(world);
    world.time.now += 10 * SECOND;
    assert.equal(await world.look('cleanup', 'engine'), world.clock() + 10 * SECOND);
    const seenLast = world.clock();
    world.engine.lose(instanceId);
    world.time.now += 7 * SECOND;
    await world.look('cleanup', 'engine');
    assert.deepEqual(await instances(world), [['exited', 'supervisor_lost']]);
    assert.ok((await world.due()).includes(`workload ${workloadId}`));
    assert.ok((await world.due()).includes('routes all'));
    const usage = await world.database.read.selectFrom('usageIntervals').selectAll().execute();
    assert.deepEqual(
      usage.map(({ endedAt }) => endedAt),
      [seenLast],
    );
  },
);

inStillWorld('of an engine that is away nothing is concluded', {}, async (world) => {
  const { instanceId } = await serving(world);
  world.engine.lose(instanceId);
  world.engine.setAway(true);
  const before = await world.rows();
  await world.look('cleanup', 'engine');
  assert.deepEqual(await world.rows(), before);
});

inStillWorld(
  'what runs for nobody is ended, and what runs for somebody is not',
  {},
  async (world) => {
    const one = await serving(world);
    const stranger = { ...one, instanceId: newId('instance'), workloadId: newId('workload') };
    await world.engine.ensure(workloadOf([stranger]), new AbortController().signal);
    await world.look('cleanup', 'engine');
    assert.deepEqual(
      world.engine.running().map(({ instanceId }) => instanceId),
      [one.instanceId],
    );
  },
);

inStillWorld(
  'what ended while nobody watched is recorded as it ended',
  { fateOf: () => ({ runsFor: 4 * SECOND, exit: { exitCode: 3 } }) },
  async (world) => {
    await serving(world);
    const endedAt = world.clock() + 4 * SECOND;
    world.time.now += 9 * SECOND;
    await world.look('cleanup', 'engine');
    const [row] = await world.database.read.selectFrom('instances').selectAll().execute();
    assert.deepEqual([row?.status, row?.exitCode, row?.endedAt], ['exited', 3, endedAt]);
  },
);

inStillWorld('what was asked for and never came is asked for again', {}, async (world) => {
  await world.push(await world.application(WEBAPP));
  await world.lookAtAll(['workload']);
  const { id } = await world.database.read
    .selectFrom('workloads')
    .select('id')
    .executeTakeFirstOrThrow();
  await world.look('workload', id);
  await world.database.transaction((tx) =>
    tx.updateTable('instances').set({ startedAt: null, status: 'starting' }).execute(),
  );
  for (const { instanceId } of world.engine.running()) world.engine.lose(instanceId);
  await world.look('cleanup', 'engine');
  assert.deepEqual(
    (await world.due()).filter((one) => one.startsWith('workload')),
    [],
  );
  world.time.now += MINUTE;
  await world.look('cleanup', 'engine');
  assert.deepEqual(
    (await world.due()).filter((one) => one.startsWith('workload')),
    [`workload ${id}`],
  );
});
