import assert from 'node:assert/strict';
import { PLATFORM } from '../events/actor.ts';
import { device } from '../testing/leases.ts';
import { flavorUse } from '../deployments/flavor-use.ts';
import type { FlavorDevices } from '../devices/flavor-devices.ts';
import { insertDevice } from '../devices/device-store.ts';
import type { Database } from '../store/database.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeApplication, makeDeployment, makeOwner, makeRun } from '../testing/rows.ts';
import { applyFlavors, createFlavor, deleteFlavor, updateFlavor } from './change-flavors.ts';
import { completeFlavors } from './complete-flavors.ts';
import type { FlavorOrder } from './flavor.ts';
import { findFlavor, listFlavors } from './flavor-store.ts';

const by = PLATFORM;
const huge: FlavorOrder = {
  name: 'huge',
  cpus: 96,
  memoryMiB: 1_000_000,
  gpus: 8,
  deviceModel: 'H100',
};

const open = (database: Database) => {
  const deps = { database, clock: () => 7, useOf: flavorUse };
  return {
    create: (flavor: FlavorOrder) => createFlavor(deps, { by, flavor }),
    update: (name: string, change: Partial<FlavorOrder>) =>
      updateFlavor(deps, { by, name, change }),
    remove: (name: string) => deleteFlavor(deps, { by, name }),
    apply: (flavors: readonly FlavorOrder[], only: boolean) =>
      applyFlavors(deps, { by, flavors, only }),
    find: (name: string) => findFlavor(database.read, name),
    names: async () => (await listFlavors(database.read)).map(({ name }) => name),
    told: async () =>
      (await database.read.selectFrom('events').selectAll().orderBy('sequence').execute())
        .filter(({ kind }) => kind.startsWith('flavor.'))
        .map(({ kind, subjectId, data }) => [kind, subjectId, data]),
  };
};

onEachDatabase(
  'an operator makes a size, changes it and deletes it, and each is told',
  async (database) => {
    const { create, update, remove, find, told } = open(database);
    await create(huge);
    const { origin, diskMiB, microEurosPerDay, deviceModel } = (await find('huge')) ?? {};
    assert.deepEqual(
      [origin, diskMiB, microEurosPerDay, deviceModel],
      ['operator', 10_240, 80_000_000, 'H100'],
    );
    await update('huge', { price: 1, cpus: 96 });
    await update('huge', { cpus: 96 });
    await remove('huge');
    assert.equal(await find('huge'), undefined);
    await create({ ...huge, gpus: 4 });
    assert.equal((await find('huge'))?.gpus, 4);
    const made = { cpus: 96, memoryMiB: 1_000_000, diskMiB: 10_240, deviceModel: 'H100' };
    assert.deepEqual(await told(), [
      ['flavor.created', 'huge', { ...made, gpus: 8, microEurosPerDay: 80_000_000 }],
      ['flavor.changed', 'huge', { changes: { microEurosPerDay: 24_000_000 } }],
      ['flavor.deleted', 'huge', {}],
      ['flavor.created', 'huge', { ...made, gpus: 4, microEurosPerDay: 40_000_000 }],
    ]);
  },
);

onEachDatabase(
  'what makes no size is refused with the field, and nothing is changed',
  async (database) => {
    const { create, update, names } = open(database);
    const before = await names();
    for (const [flavor, field] of [
      [{ ...huge, name: 'a b' }, 'name'],
      [{ ...huge, name: '-x' }, 'name'],
      [{ ...huge, name: 'x'.repeat(33) }, 'name'],
      [{ ...huge, name: 'ML_XXL' }, 'name'],
      [{ ...huge, name: 'xs' }, 'name'],
      [{ ...huge, gpus: 0 }, 'deviceModel'],
      [{ ...huge, deviceModel: 'a\u0007b' }, 'deviceModel'],
      [{ name: 'plain', cpus: 1, memoryMiB: 512 }, 'price'],
    ] as const)
      await assert.rejects(create(flavor), (error: { fields?: object; message: string }) => {
        assert.ok(field in (error.fields ?? {}), `${JSON.stringify(flavor)} → ${error.message}`);
        return true;
      });
    await assert.rejects(update('nothing', { cpus: 1 }), /There is no flavor "nothing"/);
    assert.deepEqual(await names(), before);
  },
);

onEachDatabase(
  'a size that somebody has is not deleted, and what has it is said',
  async (database) => {
    const { create, remove, names } = open(database);
    const { organizationId: ownerId } = await makeOwner(database);
    const applicationId = await makeApplication(database, { ownerId, flavor: 'S' });
    await makeApplication(database, { ownerId, flavor: 'ML_XXL', buildFlavor: 'M' });
    const deploymentId = await makeDeployment(database, { ownerId, applicationId });
    await makeRun(database, { ownerId, applicationId, deploymentId });
    await assert.rejects(remove('S'), /in use \(1 application\)/);
    await assert.rejects(remove('ML_2XL'), /in use \(1 application\)/);
    await assert.rejects(remove('M'), /in use \(1 application\)/);
    await assert.rejects(remove('XS'), /in use \(1 unfinished run\)/);
    await remove('ML_M');
    assert.equal((await names()).includes('ML_M'), false);
    await assert.rejects(
      makeApplication(database, { ownerId, flavor: 'ML_M' }),
      /no flavor "ML_M"/,
    );
    await create({ ...huge, name: 'ML_M' });
  },
);

onEachDatabase(
  'sizes of a file stand beside those that there are, or in their place, all or none',
  async (database) => {
    const { apply, names, find, told } = open(database);
    await apply([huge, { name: 'M', cpus: 3, memoryMiB: 4096, price: 0.1 }], false);
    const { cpus, origin, microEurosPerDay } = (await find('M')) ?? {};
    assert.deepEqual([cpus, origin, microEurosPerDay], [3, 'operator', 2_400_000]);
    assert.equal((await names()).length, 17);
    await assert.rejects(apply([huge, huge], false), /named twice/);
    await assert.rejects(apply([huge], true), /last without GPUs/);
    assert.equal((await names()).length, 17, 'none was deleted');
    const before = (await told()).length;
    await apply([{ name: 'one', cpus: 1, memoryMiB: 512, price: 0.1 }, huge], true);
    assert.deepEqual(await names(), ['one', 'huge']);
    assert.equal((await told()).length - before, 17);
  },
);

onEachDatabase(
  'an entry of a file is all of a size: what it does not say is as if it were new',
  async (database) => {
    const { apply, find } = open(database);
    await apply([{ ...huge, diskMiB: 99_000, price: 7 }], false);
    await apply([{ name: 'huge', cpus: 2, memoryMiB: 1024, gpus: 2 }], false);
    const { diskMiB, deviceModel, gpus, microEurosPerDay } = (await find('huge')) ?? {};
    assert.deepEqual([diskMiB, deviceModel, gpus, microEurosPerDay], [10_240, null, 2, 20_000_000]);
    const plain = [{ name: 'M', cpus: 3, memoryMiB: 4096 }];
    await assert.rejects(apply(plain, false), /price/);
  },
);

onEachDatabase('a file may call a size by its other name', async (database) => {
  const { apply, find, names } = open(database);
  const big = { name: 'ML_XXL', cpus: 30, memoryMiB: 40_000, gpus: 3 };
  const one = { name: 'one', cpus: 1, memoryMiB: 512, price: 0.1 };
  await apply([one, big], true);
  assert.deepEqual(await names(), ['one', 'ML_2XL']);
  assert.equal((await find('ML_XXL'))?.cpus, 30);
  await assert.rejects(apply([big, { ...big, name: 'ML_2XL' }], false), /named twice/);
});

onEachDatabase('with other GPUs a size has the price of those', async (database) => {
  const { create, update, find } = open(database);
  const price = async () => (await find('huge'))?.microEurosPerDay;
  await create({ ...huge, gpus: 1 });
  await update('huge', { gpus: 8 });
  assert.equal(await price(), 80_000_000);
  await update('huge', { price: 1 });
  await update('huge', { gpus: 8, cpus: 4 });
  assert.equal(await price(), 24_000_000, 'the same GPUs: what was said of it stays');
  await assert.rejects(update('huge', { gpus: 0 }), /price/);
  await update('huge', { gpus: 0, price: 2 });
  assert.equal(await price(), 48_000_000);
});

onEachDatabase('of two who use and delete a size at once, one is refused', async (database) => {
  const { remove, names } = open(database);
  const { organizationId: ownerId } = await makeOwner(database);
  for (const flavor of ['L', 'XL', '2XL', '3XL', 'ML_L', 'ML_3XL']) {
    const made = await Promise.allSettled([
      makeApplication(database, { ownerId, flavor }),
      remove(flavor),
    ]);
    const done = made.map(({ status }) => status);
    assert.deepEqual(done.toSorted(), ['fulfilled', 'rejected'], flavor);
    assert.equal((await names()).includes(flavor), done[0] === 'fulfilled');
  }
});

const addGpus = (database: Database, models: readonly string[]): Promise<void> =>
  database.transaction(async (tx) => {
    for (const [index, model] of models.entries())
      await insertDevice(tx, { ...device(index), model }, { host: 'local', at: 1 });
  });

const completeOn = (
  database: Database,
  {
    memoryMiB = 32 * 1024,
    flavorDevices = [],
  }: { memoryMiB?: number; flavorDevices?: FlavorDevices },
): Promise<void> =>
  database.transaction((tx) =>
    completeFlavors(tx, { hosts: [{ name: 'local', memoryMiB, cpus: 64 }], flavorDevices }, 9),
  );

onEachDatabase(
  'a machine’s sizes are added once, follow it until somebody changes them, and do not come back',
  async (database) => {
    const { find, names, update, remove } = open(database);
    const complete = (memoryMiB: number) => completeOn(database, { memoryMiB });
    await addGpus(database, Array(4).fill('NVIDIA L4'));
    await complete(32 * 1024);
    assert.deepEqual(
      (await names()).filter((name) => name.endsWith('L4')),
      ['1xL4', '2xL4', '4xL4'],
    );
    await update('2xL4', { price: 3 });
    await remove('1xL4');
    await complete(64 * 1024);
    assert.equal(await find('1xL4'), undefined);
    assert.equal((await find('2xL4'))?.memoryMiB, 15 * 1024);
    const { memoryMiB, origin } = (await find('4xL4')) ?? {};
    assert.deepEqual([memoryMiB, origin], [60 * 1024, 'machine']);
  },
);

onEachDatabase(
  'models that differ by capitals alone are one, and a size that was called in others is followed',
  async (database) => {
    const { create, find, names } = open(database);
    await create({ ...huge, name: '1xl4' });
    await addGpus(database, ['NVIDIA L4', 'Nvidia l4']);
    await completeOn(database, {});
    await completeOn(database, {});
    const made = (await names()).filter((name) => /L4$/i.test(name));
    assert.deepEqual(made.toSorted(), ['1xl4', '2xL4']);
    assert.equal((await find('1xl4'))?.gpus, 8, 'it is the operator’s');
    await database.transaction((tx) =>
      tx.updateTable('flavors').set({ name: '2XL4' }).where('name', '=', '2xL4').execute(),
    );
    await completeOn(database, { memoryMiB: 64 * 1024 });
    assert.equal((await find('2XL4'))?.memoryMiB, 60 * 1024);
  },
);

onEachDatabase(
  'GPUs that the operator’s mapping keeps from everybody make no size',
  async (database) => {
    const { names } = open(database);
    await addGpus(database, ['NVIDIA L40S', 'NVIDIA H100 PCIe']);
    await completeOn(database, { flavorDevices: [{ flavor: '*', model: 'H100' }] });
    assert.deepEqual(
      (await names()).filter((name) => /^\dx/.test(name)),
      ['1xH100'],
    );
  },
);
