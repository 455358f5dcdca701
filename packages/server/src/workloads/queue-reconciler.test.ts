import assert from 'node:assert/strict';
import { PLATFORM } from '../events/actor.ts';
import { transition } from '../states/transition.ts';
import { setLimit } from '../limits/change-limits.ts';
import { onEachDatabase } from '../testing/database.ts';
import { addInstance } from './add-instances.ts';
import { workloadInstances } from './instance-store.ts';
import { workloadMachine } from './machines.ts';
import { openQueue } from '../testing/open-queue.ts';

onEachDatabase('all nodes are admitted, or none; who waits is told why', async (database) => {
  const { make, find, plan, end } = await openQueue(database);
  const [first, second] = [await make({ nodes: 2 }), await make({ nodes: 2, at: 2 })];
  await plan();
  assert.equal((await find(first)).state, 'admitted');
  const { state, reason, detail } = await find(second);
  assert.deepEqual([state, reason], ['waiting', 'no_memory']);
  assert.match(detail ?? '', /^Needs 512 MiB of memory; 288 of 800 MiB are free\./);
  assert.deepEqual(await workloadInstances(database.read, second), []);
  await end(first);
  await plan();
  const admitted = await find(second);
  assert.deepEqual([admitted.state, admitted.reason, admitted.detail], ['admitted', null, null]);
  assert.equal((await workloadInstances(database.read, second)).length, 2);
});

onEachDatabase('what never fits is told so, and stands in nobody’s way', async (database) => {
  const { make, plan, stateOf } = await openQueue(database);
  const [big, small, build] = [
    await make({ nodes: 4 }),
    await make({ at: 2 }),
    await make({ at: 3, kind: 'build' }),
  ];
  await plan();
  assert.equal(await stateOf(big), 'waiting: never_fits');
  assert.deepEqual([await stateOf(small), await stateOf(build)], ['admitted', 'admitted']);
});

onEachDatabase(
  'each node holds devices of its own, and they are offered again once they are proven free',
  async (database) => {
    const { make, plan, held, end, stateOf, prove } = await openQueue(database, {
      memoryMiB: 99_999,
      gpus: 4,
    });
    const gang = await make({ flavor: 'ML_M', nodes: 2 });
    const next = await make({ flavor: 'ML_XS', at: 2 });
    await plan();
    assert.deepEqual(await held(), ['0: GPU-0', '0: GPU-1', '1: GPU-2', '1: GPU-3']);
    assert.equal(await stateOf(next), 'waiting: no_device');
    await end(gang);
    await plan();
    assert.equal(await stateOf(next), 'waiting: device_fencing');
    await prove();
    await plan();
    assert.equal(await stateOf(next), 'admitted');
    assert.equal((await held()).length, 1);
  },
);

onEachDatabase(
  'a device that is not well, or that nobody can ask about, is not offered',
  async (database) => {
    const { make, plan, held, stateOf, fallIll, driver } = await openQueue(database, {
      memoryMiB: 99_999,
      gpus: 2,
    });
    await fallIll(0);
    driver.says = 'nvidia-smi did not answer within 10 seconds';
    const [one, two] = [await make({ flavor: 'ML_XS' }), await make({ flavor: 'ML_XS', at: 2 })];
    await plan();
    assert.equal(await stateOf(one), 'waiting: driver_unavailable');
    driver.says = undefined;
    await plan();
    assert.deepEqual(await held(), ['0: GPU-1']);
    assert.deepEqual(
      [await stateOf(one), await stateOf(two)],
      ['admitted', 'waiting: device_quarantined'],
    );
  },
);

onEachDatabase('who was cancelled gets nothing', async (database) => {
  const { make, plan, cancel, stateOf } = await openQueue(database);
  const id = await make();
  await cancel(id);
  await plan();
  assert.equal(await stateOf(id), 'waiting');
});

onEachDatabase(
  'who holds as much as their owner may is told the limit, and goes on when that is raised',
  async (database) => {
    const { make, plan, stateOf, find, ownerId, clock } = await openQueue(database);
    const deps = { database, clock: () => clock.now };
    await setLimit(deps, { name: 'memory', ownerId, value: 512, by: PLATFORM });
    const [first, second, third] = [
      await make({ at: 1 }),
      await make({ at: 2 }),
      await make({ at: 3 }),
    ];
    await plan();
    assert.deepEqual(
      [await stateOf(first), await stateOf(second), await stateOf(third)],
      ['admitted', 'admitted', 'waiting: owner_limit'],
    );
    const { detail, expectedAt } = await find(third);
    assert.match(detail ?? '', /"memory" of its owner is 512 MiB: 512 are held, and it needs 256/);
    assert.equal(expectedAt, null);
    await setLimit(deps, { name: 'memory', ownerId: undefined, value: 256, by: PLATFORM });
    await setLimit(deps, { name: 'memory', ownerId, value: null, by: PLATFORM });
    await plan();
    assert.equal(await stateOf(third), 'admitted', 'what is set for the owner counts for them');
  },
);

onEachDatabase(
  'what is more than a limit of its owner by itself, as its size or the limit is now, is told that it never fits',
  async (database) => {
    const { make, plan, stateOf, find, ownerId, clock } = await openQueue(database);
    const deps = { database, clock: () => clock.now };
    await setLimit(deps, { name: 'memory', ownerId, value: 512, by: PLATFORM });
    const [holder, wide, narrow] = [
      await make({ at: 1 }),
      await make({ at: 2, nodes: 3 }),
      await make({ at: 3, nodes: 2 }),
    ];
    await plan();
    assert.equal(await stateOf(holder), 'admitted');
    assert.equal(await stateOf(wide), 'waiting: never_fits');
    const { detail } = await find(wide);
    assert.match(
      detail ?? '',
      /^The limit "memory" of its owner is 512 MiB: it needs 768\. Choose/,
    );
    assert.equal(await stateOf(narrow), 'waiting: owner_limit');
    await setLimit(deps, { name: 'memory', ownerId, value: 256, by: PLATFORM });
    await plan();
    assert.equal(await stateOf(narrow), 'waiting: never_fits');
  },
);

onEachDatabase(
  'time is paid for from the admission on, whatever was there before, and not where it costs nothing',
  async (database) => {
    const { make, plan, find, clock } = await openQueue(database, { memoryMiB: 512 });
    const holder = await make({ nodes: 2 });
    await plan();
    const [paid, free] = [
      await make({ kind: 'build', at: 2 }),
      await make({ kind: 'build', at: 3, metered: false }),
    ];
    await plan();
    for (const id of [paid, free]) {
      const workload = await find(id);
      const step = { number: 2, attempt: 1, startAfter: null, at: 150 };
      await database.transaction((tx) => addInstance(tx, workload, step));
    }
    const billed = async () =>
      (
        await database.read
          .selectFrom('usageIntervals as u')
          .innerJoin('instances as i', 'i.id', 'u.instanceId')
          .select(['i.workloadId', 'u.subjectKind', 'u.instanceNumber', 'u.startedAt'])
          .where('u.subjectKind', '=', 'build')
          .execute()
      ).map((row) => [row.workloadId, row.instanceNumber, row.startedAt]);
    assert.deepEqual(await billed(), [], 'what waits costs nothing');
    clock.now = 3_600_000;
    await database.transaction((tx) =>
      transition(tx, workloadMachine, { id: holder }, { event: 'gone', at: clock.now }),
    );
    await plan();
    assert.deepEqual(await billed(), [[paid, 0, 3_600_000]]);
  },
);

onEachDatabase(
  'what belongs to no application is given room, devices and a bill',
  async (database) => {
    const { make, plan, find } = await openQueue(database, { memoryMiB: 65_536, gpus: 1 });
    const id = await make({ flavor: 'ML_XS', applicationId: null });
    await plan();
    const { state, subjectKind, subjectId } = await find(id);
    assert.equal(state, 'admitted');
    const of = { applicationId: null, subjectKind, subjectId };
    const rows = async (table: 'leases' | 'instances' | 'usageIntervals') =>
      database.read
        .selectFrom(table)
        .select(['applicationId', 'subjectKind', 'subjectId'])
        .execute();
    for (const table of ['leases', 'instances', 'usageIntervals'] as const)
      assert.deepEqual(await rows(table), [of], table);
  },
);
