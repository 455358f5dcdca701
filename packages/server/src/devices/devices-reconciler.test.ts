import assert from 'node:assert/strict';
import { SECOND } from '../lib/duration.ts';
import { listFlavors } from '../scheduling/flavor-store.ts';
import { transition } from '../states/transition.ts';
import { device } from '../testing/leases.ts';
import { deviceMachine } from './known-device.ts';
import { inStillWorld } from '../testing/still-world.ts';
import type { StillWorld } from '../testing/still-world.ts';

const healths = async ({ database }: StillWorld) =>
  (await database.read.selectFrom('devices').selectAll().orderBy('uuid').execute()).map(
    ({ uuid, health }) => `${uuid} ${health}`,
  );

const DEVICES = [device(0), device(1)];

inStillWorld(
  'what the driver lists is known, and the queue is told of it',
  { devices: DEVICES },
  async (world) => {
    assert.equal(await world.look('devices', 'inventory'), world.clock() + 15 * SECOND);
    assert.deepEqual(await healths(world), ['GPU-0 well', 'GPU-1 well']);
    assert.ok((await world.due()).includes('queue all'));
  },
);

inStillWorld(
  'devices are found whatever becomes of the sizes that follow from them, which have a look of their own',
  { devices: DEVICES },
  async (world) => {
    const { database } = world;
    const rename = (from: string, to: string): Promise<void> =>
      database.transaction((tx) => tx.schema.alterTable(from).renameTo(to).execute());
    await rename('flavors', 'elsewhere');
    await world.look('devices', 'inventory');
    assert.deepEqual(await healths(world), ['GPU-0 well', 'GPU-1 well']);
    assert.ok((await world.due()).includes('devices flavors'));
    await assert.rejects(world.look('devices', 'flavors'), /flavors/);
    await rename('elsewhere', 'flavors');
    await world.look('devices', 'flavors');
    const made = (await listFlavors(database.read)).filter(({ origin }) => origin === 'machine');
    assert.notEqual(made.length, 0);
  },
);

inStillWorld(
  'what falls ill or is gone is offered to nobody, until it is well',
  { devices: DEVICES },
  async (world) => {
    await world.look('devices', 'inventory');
    world.devices.splice(0, 2, device(0, { reason: 'xid', detail: 'Xid 79' }));
    await world.look('devices', 'inventory');
    assert.deepEqual(await healths(world), ['GPU-0 quarantined', 'GPU-1 missing']);
    await world.push(await world.application({ flavor: 'ML_XS' }));
    await world.lookAtAll();
    assert.deepEqual(world.engine.started, []);
    world.devices.splice(0, 1, ...DEVICES);
    await world.look('devices', 'inventory');
    assert.deepEqual(await healths(world), ['GPU-0 well', 'GPU-1 well']);
    await world.lookAtAll();
    assert.equal(world.engine.running().length, 1);
  },
);

inStillWorld(
  'what another process has recorded is not recorded again',
  { devices: DEVICES },
  async (world) => {
    await world.look('devices', 'inventory');
    world.devices.splice(0, 1);
    const lost = { reason: 'device_lost', detail: 'Gone.' } as const;
    await world.database.transaction((tx) =>
      transition(tx, deviceMachine, { uuid: 'GPU-0' }, { event: 'lost', facts: lost, at: 1 }),
    );
    await world.look('devices', 'inventory');
    assert.deepEqual(await healths(world), ['GPU-0 missing', 'GPU-1 well']);
  },
);

inStillWorld(
  'of a driver that says nothing nothing is concluded, and nothing is offered',
  { devices: DEVICES },
  async (world) => {
    await world.look('devices', 'inventory');
    world.driver.says = 'nvidia-smi hangs';
    await world.look('devices', 'inventory');
    assert.deepEqual(await healths(world), ['GPU-0 well', 'GPU-1 well']);
    await world.push(await world.application({ flavor: 'ML_XS' }));
    await world.lookAtAll();
    assert.deepEqual(world.engine.started, []);
    world.driver.says = undefined;
    await world.look('devices', 'inventory');
    await world.lookAtAll();
    assert.equal(world.engine.running().length, 1);
  },
);

inStillWorld(
  'a device that is given back is offered again when nobody is seen to use it',
  { devices: [device(0)], fateOf: () => ({ runsFor: SECOND }) },
  async (world) => {
    await world.look('devices', 'inventory');
    await world.push(await world.application({ flavor: 'ML_XS' }));
    await world.lookAtAll();
    world.driver.holders.set('GPU-0', [42]);
    world.time.now += SECOND;
    await world.look('cleanup', 'engine');
    await world.lookAtAll();
    const lease = () =>
      world.database.read.selectFrom('leases').selectAll().executeTakeFirstOrThrow();
    const held = await lease();
    assert.equal(held.releasedAt, null);
    assert.equal(held.detail, 'Process 42 of this machine still uses it.');
    assert.equal(await world.look('devices', 'leases'), world.clock() + 500);
    world.driver.holders.clear();
    assert.equal(await world.look('devices', 'leases'), undefined);
    assert.equal((await lease()).releasedAt, world.clock());
    assert.ok((await world.due()).includes('queue all'));
  },
);
