import assert from 'node:assert/strict';
import { DAY, HOUR, MINUTE, SECOND } from '../lib/duration.ts';
import type { InstanceId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { insertDevice } from '../devices/device-store.ts';
import { endLeases, leaseDevices } from '../devices/devices.ts';
import type { Database } from '../store/database.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeInstance } from '../testing/instances.ts';
import { makeApplication, makeOwner } from '../testing/rows.ts';
import { findInstance } from '../workloads/instance-store.ts';
import { MINUTES, QUARTERS } from './metric.ts';
import { insertRollups, insertSamples, readHolders } from './metrics-store.ts';
import { readApplicationMetrics, readNewest } from './read-metrics.ts';
import { UNSAID } from '../testing/leases.ts';
import { readSeries } from './read-series.ts';

const NOW = 1_000 * DAY;

/** An application with an instance that runs, and one of another application. */
async function open(database: Database) {
  const { organizationId: ownerId } = await makeOwner(database);
  const applicationId = await makeApplication(database, { ownerId });
  const otherId = await makeApplication(database, { ownerId });
  const mine = { ownerId, applicationId, startedAt: NOW - 2 * DAY };
  const id = await makeInstance(database, { ...mine, number: 1 });
  const other = await makeInstance(database, { ownerId, applicationId: otherId });
  await database.transaction(async (tx) => {
    const sample = (subjectId: string, ago: number, memory: number) => ({
      subjectId,
      at: NOW - ago,
      values: { memory },
    });
    await insertSamples(tx, [
      sample(id, MINUTE, 1),
      sample(id, 10 * SECOND, 2),
      sample(other, 10 * SECOND, 3),
      sample('GPU-1', 10 * SECOND, 4),
    ]);
    const rollup = (ago: number, memory: number) => ({
      subjectId: id,
      at: NOW - ago,
      values: { memory: [0, memory, 9], sent: 7 } as const,
    });
    await insertRollups(tx, MINUTES.step, [rollup(2 * HOUR, 20), rollup(HOUR, 21)]);
    await insertRollups(tx, QUARTERS.step, [rollup(2 * DAY, 30), rollup(DAY, 31)]);
  });
  return { mine, applicationId, id, other };
}

onEachDatabase('a window is answered as finely as it is known', async (database) => {
  const { applicationId, id } = await open(database);
  const seen = async (ago: number) => {
    const asked = { applicationId, from: NOW - ago, to: NOW };
    const { step, instances } = await readApplicationMetrics(database.read, asked, NOW);
    assert.deepEqual(
      instances.map(({ instance }) => instance.id),
      [id],
    );
    return [step / SECOND, ...(instances[0]?.points ?? []).map(({ values }) => values.memory)];
  };
  assert.deepEqual(await seen(HOUR), [10, [1, 1, 1], [2, 2, 2]]);
  assert.deepEqual(await seen(HOUR + 30 * MINUTE), [60, [0, 21, 9]]);
  assert.deepEqual(await seen(3 * HOUR), [60, [0, 20, 9], [0, 21, 9]]);
  assert.deepEqual(await seen(3 * DAY), [900, [0, 30, 9], [0, 31, 9]]);
});

onEachDatabase(
  'a point that the window begins in belongs to it, one at its end not',
  async (database) => {
    const { applicationId } = await open(database);
    const seen = async (from: number, to: number) => {
      const asked = { applicationId, from: NOW - from, to: NOW - to };
      const { instances } = await readApplicationMetrics(database.read, asked, NOW);
      return instances.flatMap(({ points }) => points.map(({ at }) => NOW - at));
    };
    assert.deepEqual(await seen(2 * HOUR - SECOND, 2 * HOUR - 2 * SECOND), [2 * HOUR]);
    assert.deepEqual(await seen(2 * HOUR, HOUR), [2 * HOUR]);
  },
);

onEachDatabase('instances that were over before the window are not in it', async (database) => {
  const { applicationId, mine, id } = await open(database);
  const ended = await makeInstance(database, { ...mine, endedAt: NOW - 2 * HOUR });
  const read = async (from: number, instanceId?: string) => {
    const asked = { applicationId, from, to: NOW, instanceId };
    const { instances } = await readApplicationMetrics(database.read, asked, NOW);
    return instances.map(({ instance }) => instance.id).toSorted();
  };
  assert.deepEqual(await read(NOW - HOUR), [id]);
  assert.deepEqual(await read(NOW - 3 * HOUR), [id, ended].toSorted());
  assert.deepEqual(await read(NOW - 3 * HOUR, ended), [ended]);
});

onEachDatabase(
  'another application’s instance is refused as if there were none',
  async (database) => {
    const { applicationId, other } = await open(database);
    const asked = { applicationId, from: NOW - HOUR, to: NOW };
    const refused = (code: string) => (error: unknown) =>
      error instanceof Refusal && error.code === code;
    await assert.rejects(
      readApplicationMetrics(database.read, { ...asked, instanceId: other }, NOW),
      refused('not_found'),
    );
    await assert.rejects(
      readApplicationMetrics(database.read, { ...asked, from: NOW }, NOW),
      refused('invalid'),
    );
  },
);

onEachDatabase('devices are read by their UUIDs', async (database) => {
  await open(database);
  const window = { from: NOW - HOUR, to: NOW };
  const of = async (...subjects: string[]) =>
    (await readSeries(database.read, { ...window, subjects }, NOW)).series;
  assert.deepEqual([...(await of('GPU-1', 'GPU-2')).keys()], ['GPU-1']);
  assert.deepEqual([...(await of()).keys()], []);
});

onEachDatabase('the newest is what was just measured of what still runs', async (database) => {
  const { id, other, mine } = await open(database);
  const over = await makeInstance(database, { ...mine, endedAt: NOW });
  const old = await makeInstance(database, mine);
  await database.transaction((tx) =>
    insertSamples(tx, [
      { subjectId: over, at: NOW - SECOND, values: { memory: 5 } },
      { subjectId: old, at: NOW - MINUTE, values: { memory: 6 } },
      { subjectId: id, at: NOW - 20 * SECOND, values: { memory: 7 } },
    ]),
  );
  const { instances, devices } = await readNewest(database.read, NOW);
  const values = new Map(instances.map((one) => [one.instance.id, one.values.memory]));
  assert.deepEqual(
    values,
    new Map([
      [id, 2],
      [other, 3],
    ]),
  );
  const [mineAgain] = instances.filter(({ instance }) => instance.id === id);
  const { ownerId, applicationId, applicationName, number, flavor } = mineAgain?.instance ?? {};
  assert.deepEqual(
    [ownerId, applicationId, applicationName, number, flavor],
    [mine.ownerId, mine.applicationId, 'app', 1, 'XS'],
  );
  assert.deepEqual(devices, new Map([['GPU-1', { memory: 4 }]]));
});

onEachDatabase('a leased device has its holder until that is over', async (database) => {
  const { mine, id } = await open(database);
  const over = await makeInstance(database, { ...mine, endedAt: NOW });
  const lease = async (deviceUuid: string, instanceId: InstanceId) => {
    const held = await findInstance(database.read, instanceId);
    assert.ok(held);
    const { workloadId, ownerId, applicationId, subjectKind, subjectId, number } = held;
    const of = { workloadId, ownerId, applicationId, subjectKind, subjectId };
    const order = { deviceUuid, ...of, number };
    const device = { uuid: deviceUuid, model: 'H100', memoryMiB: 1, index: 0, files: [] };
    await database.transaction(async (tx) => {
      await insertDevice(tx, { ...device, ...UNSAID }, { host: 'here', at: 1 });
      await leaseDevices(tx, [order], 1);
    });
    return workloadId;
  };
  const workloadId = await lease('GPU-1', id);
  await lease('GPU-2', over);
  const { applicationId } = mine;
  const holders = async () => Object.fromEntries(await readHolders(database.read));
  const between = { 'GPU-2': { applicationId, instanceId: null } };
  assert.deepEqual(await holders(), { 'GPU-1': { applicationId, instanceId: id }, ...between });
  await database.transaction((tx) => endLeases(tx, workloadId, NOW));
  assert.deepEqual(await holders(), between);
});
