import assert from 'node:assert/strict';
import { accountUsage } from '../billing/account-usage.ts';
import { flavorUse } from '../deployments/flavor-use.ts';
import { PLATFORM } from '../events/actor.ts';
import { LOCAL } from '../lib/host.ts';
import { createOrganizationIn } from '../organizations/create-organization.ts';
import { createFlavor, updateFlavor } from '../scheduling/change-flavors.ts';
import { device } from '../testing/leases.ts';
import { makeApplication } from '../testing/rows.ts';
import { inStillWorld } from '../testing/still-world.ts';
import type { StillWorld } from '../testing/still-world.ts';
import { push } from '../testing/world-deeds.ts';

const H100 = 'NVIDIA H100 80GB HBM3';
const TIB = 1024 * 1024;
const HOUR = 3_600_000;

const machine = (models: readonly string[]) => ({
  hosts: [{ name: LOCAL, memoryMiB: 2 * TIB, cpus: 192 }],
  memoryMiB: 2 * TIB,
  devices: models.map((model, index) => ({ ...device(index), model })),
});

const runs = async ({ database }: StillWorld) =>
  (
    await database.read
      .selectFrom('workloads')
      .selectAll()
      .where('subjectKind', '=', 'run')
      .orderBy('createdAt')
      .orderBy('id')
      .execute()
  ).map(({ flavor, state, reason }) => [flavor, state, reason]);

inStillWorld(
  'a machine with 8 GPUs and 2 TiB is used whole by one, and another tenant waits for it; what runs keeps its price',
  machine(Array.from({ length: 8 }, () => H100)),
  async (world) => {
    const { database, time, clock, ownerId } = world;
    await world.look('devices', 'inventory');
    await world.look('devices', 'flavors');
    const id = await world.application({ flavor: '8xH100' });
    await world.push(id);
    await world.lookAtAll();
    const [started] = world.engine.running();
    assert.equal(started?.devices.length, 8);
    assert.deepEqual(started.limits, { cpus: 192, memoryMiB: 1920 * 1024, diskMiB: 80 * 1024 });
    const other = await database.transaction((tx) =>
      createOrganizationIn(tx, { name: 'Other', adminId: world.userId, at: 1 }),
    );
    for (const flavor of ['1xH100', 'ML_XS']) {
      time.now += 1;
      const application = await makeApplication(database, { ownerId: other, flavor });
      await push({ world, userId: world.userId }, { id: application }, 1);
      await world.lookAtAll();
    }
    assert.deepEqual(await runs(world), [
      ['8xH100', 'admitted', null],
      ['1xH100', 'waiting', 'no_device'],
      ['ML_XS', 'waiting', 'no_device'],
    ]);
    const deps = { database, clock, useOf: flavorUse };
    const change = { price: 1000, cpus: 1 };
    await updateFlavor(deps, { by: PLATFORM, name: '8xH100', change });
    time.now += HOUR;
    await world.look('cleanup', 'engine');
    const window = { from: time.now - HOUR, to: time.now };
    const [usage] = await accountUsage(database.read, ownerId, window);
    assert.deepEqual(
      [usage?.gpuMinutes, usage?.microEuros],
      [480, Math.round(80_000_000 / 24)],
      'an hour of 8 GPUs at the price of its start',
    );
  },
);

inStillWorld(
  'who asks for a model gets it and waits for nothing else, and who asks for any waits until there is some',
  machine([H100, 'NVIDIA L4', H100, 'NVIDIA L4']),
  async (world) => {
    const { database, clock } = world;
    await world.look('devices', 'inventory');
    await world.look('devices', 'flavors');
    const held = async () =>
      (await database.read.selectFrom('leases').selectAll().orderBy('deviceUuid').execute()).map(
        ({ deviceUuid }) => deviceUuid,
      );
    const deps = { database, clock, useOf: flavorUse };
    const flavor = { name: 'fast', cpus: 4, memoryMiB: 4096, gpus: 1, deviceModel: 'H100' };
    await createFlavor(deps, { by: PLATFORM, flavor });
    const runOf = async (size: string) => {
      world.time.now += 1;
      await world.push(await world.application({ flavor: size }));
      await world.lookAtAll();
    };
    await runOf('2xL4');
    assert.deepEqual(await held(), ['GPU-1', 'GPU-3']);
    await runOf('fast');
    await runOf('fast');
    await runOf('ML_XS');
    assert.deepEqual(await held(), ['GPU-0', 'GPU-1', 'GPU-2', 'GPU-3']);
    assert.deepEqual(await runs(world), [
      ['2xL4', 'admitted', null],
      ['fast', 'admitted', null],
      ['fast', 'admitted', null],
      ['ML_XS', 'waiting', 'no_device'],
    ]);
  },
);

inStillWorld(
  'when a GPU of a model is free is known also where who holds it asked for any',
  machine([H100]),
  async (world) => {
    const { database, ownerId } = world;
    await world.look('devices', 'inventory');
    await world.look('devices', 'flavors');
    const limited = { ownerId, flavor: 'ML_XS', environment: { CG_MAX_DURATION: '1h' } };
    await world.push(await makeApplication(database, limited));
    await world.lookAtAll();
    world.time.now += 1;
    await world.push(await world.application({ flavor: '1xH100' }));
    await world.lookAtAll();
    const waits = await database.read
      .selectFrom('workloads')
      .select('detail')
      .where('state', '=', 'waiting')
      .executeTakeFirst();
    assert.match(
      waits?.detail ?? '',
      /^Needs 1 × GPU H100; 0 of 1 are free\. .* at the latest in about 60 minutes\.$/,
    );
  },
);
