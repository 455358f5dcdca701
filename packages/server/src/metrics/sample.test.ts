import assert from 'node:assert/strict';
import type { InstanceMeasure } from '../workloads/engine.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../lib/duration.ts';
import { newId } from '../lib/ids.ts';
import type { InstanceId } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import { Unavailable } from '../lib/unavailable.ts';
import { ClaimLost, claimDue, askForLook } from '../reconcile/looks.ts';
import { takeEpoch } from '../reconcile/reconciliation-store.ts';
import type { DeviceMeasure } from '../devices/device.ts';
import type { Database } from '../store/database.ts';
import { onEachDatabase } from '../testing/database.ts';
import { silentLog } from '../testing/log.ts';
import { MINUTES, QUARTERS, SAMPLES } from './metric.ts';
import { selectRollups, selectSamples } from './metrics-store.ts';
import { metricsKeeper } from './sample.ts';

const ALL = { from: 0, to: Number.MAX_SAFE_INTEGER };
const START = 1_000 * DAY;

type Told = { instances: () => InstanceMeasure[]; devices: () => DeviceMeasure[] };

/** A keeper whose clocks and measures are the test's; each look is at a time. */
async function open(database: Database, told: Partial<Told> = {}, log: Log = silentLog) {
  const times = { now: START, steady: 0 };
  await database.transaction((tx) => askForLook(tx, 'cleanup', 'metrics', 0));
  const taking = { now: 1, leaseMs: DAY, epoch: 0, kinds: ['cleanup'], limit: 1 } as const;
  const [claim] = await claimDue(database, taking);
  assert.ok(claim);
  const { instances = () => [], devices = () => [] } = told;
  const openKeeper = () =>
    metricsKeeper({
      database,
      clock: () => times.now,
      steadyClock: () => times.steady,
      log,
      meters: { process: { measure: async () => instances() } },
      devices: { measure: async () => devices() },
    });
  let keeper = openKeeper();
  const { signal } = new AbortController();
  return {
    times,
    restart: () => (keeper = openKeeper()),
    look: () => keeper(claim, signal),
    async pass(milliseconds: number) {
      times.now += milliseconds;
      times.steady += milliseconds;
      return keeper(claim, signal);
    },
    samples: () => selectSamples(database.read, ALL),
    rollups: (step: number) => selectRollups(database.read, step, ALL),
  };
}

const instanceId = newId('instance');

const measure = (changes: Partial<InstanceMeasure> = {}): InstanceMeasure => ({
  instanceId,
  cpuMilliseconds: undefined,
  memoryBytes: undefined,
  receivedBytes: undefined,
  sentBytes: undefined,
  ...changes,
});

onEachDatabase('instances and devices are sampled every ten seconds', async (database) => {
  let cpuMilliseconds = 700;
  const { look, pass, samples } = await open(database, {
    instances: () => [measure({ cpuMilliseconds, memoryBytes: 100, sentBytes: 7 })],
    devices: () => [
      {
        uuid: 'GPU-1',
        utilization: 0.25,
        memoryUsedMiB: 2,
        powerWatts: 70.04,
        temperatureCelsius: undefined,
      },
    ],
  });
  assert.equal(await look(), START + SAMPLES.step);
  cpuMilliseconds += 15_000;
  assert.equal(await pass(10_003), START + 2 * SAMPLES.step);
  const device = { utilization: 0.25, memory: 2 * 2 ** 20, power: 70 };
  const found = (await samples()).map(({ subjectId, at, values }) => [
    subjectId,
    at - START,
    values,
  ]);
  const expected = [
    [instanceId, 0, { memory: 100, sent: 7 }],
    ['GPU-1', 0, device],
    [instanceId, 10_000, { cpu: 1.4996, memory: 100, sent: 7 }],
    ['GPU-1', 10_000, device],
  ];
  const byTime = (one: unknown): string => JSON.stringify(one);
  assert.deepEqual(found.map(byTime).toSorted(), expected.map(byTime).toSorted());
});

onEachDatabase('rates are by a clock that does not jump', async (database) => {
  let cpuMilliseconds = 0;
  const { times, look, pass, samples } = await open(database, {
    instances: () => [measure({ cpuMilliseconds })],
  });
  await look();
  for (const jump of [HOUR, -30 * MINUTE]) {
    cpuMilliseconds += 5_000;
    times.now += jump;
    await pass(10 * SECOND);
  }
  cpuMilliseconds = 1_000;
  await pass(10 * SECOND);
  const seen = (await samples()).map(({ values }) => values.cpu);
  assert.deepEqual(seen.slice(-2), [0.5, undefined]);
});

onEachDatabase('who is away leaves a gap, and is told of once', async (database) => {
  const said: unknown[] = [];
  const say = (facts: object, message: string) =>
    said.push([message, 'whom' in facts && facts.whom]);
  const log = { ...silentLog, info: say, warn: say };
  let away = true;
  const { look, pass, samples } = await open(
    database,
    {
      instances: () => {
        if (away) throw new Unavailable('The engine is away.');
        return [measure({ memoryBytes: 1 })];
      },
      devices: () => {
        throw new Error('the driver answers garbage');
      },
    },
    log,
  );
  await look();
  await pass(SAMPLES.step);
  assert.deepEqual(await samples(), []);
  away = false;
  await pass(SAMPLES.step);
  assert.equal((await samples()).length, 1);
  const of = (whom: string) => said.filter((one) => JSON.stringify(one).includes(whom));
  assert.equal(of('process').length, 2);
  assert.equal(of('the devices').length, 1);
});

onEachDatabase('longer times are rolled up, also by another control plane', async (database) => {
  let memoryBytes = 0;
  const { look, pass, restart, rollups } = await open(database, {
    instances: () => [measure({ memoryBytes, receivedBytes: memoryBytes })],
  });
  await look();
  for (let at = 1; at <= 90; at += 1) {
    memoryBytes = at;
    if (at === 54) restart();
    await pass(SAMPLES.step);
  }
  const minutes = await rollups(MINUTES.step);
  assert.deepEqual(
    minutes.map(({ at }) => (at - START) / MINUTE),
    Array.from({ length: 15 }, (_, at) => at),
  );
  assert.deepEqual(minutes[1]?.values, { memory: [6, 9, 11], received: 11 });
  assert.deepEqual(await rollups(QUARTERS.step), [
    { subjectId: instanceId, at: START, values: { memory: [0, 45, 89], received: 89 } },
  ]);
});

onEachDatabase('no more is kept than there is room for', async (database) => {
  const { look, pass, samples, rollups } = await open(database, {
    instances: () => [measure({ memoryBytes: 1 })],
  });
  await look();
  for (let minute = 0; minute < 90; minute += 1)
    for (let at = 0; at < 6; at += 1) await pass(10_000);
  assert.equal((await samples()).length, 361);
  assert.equal((await rollups(MINUTES.step)).length, 90);
  await pass(DAY);
  await pass(MINUTE);
  assert.equal((await samples()).length, 2);
  assert.ok((await rollups(MINUTES.step)).every(({ at }) => at >= START + 90 * MINUTE));
  await pass(31 * DAY);
  await pass(15 * MINUTE);
  assert.equal((await rollups(QUARTERS.step)).length, 1);
});

onEachDatabase('what a clock measured that was ahead is not kept', async (database) => {
  const { times, look, pass, samples, rollups } = await open(database, {
    instances: () => [measure({ memoryBytes: 1 })],
  });
  times.now += 2 * HOUR;
  await look();
  for (let at = 0; at < 100; at += 1) await pass(SAMPLES.step);
  times.now = START;
  for (let at = 0; at < 100; at += 1) await pass(SAMPLES.step);
  assert.deepEqual(
    (await samples()).map(({ at }) => at - START),
    Array.from({ length: 100 }, (_, at) => (at + 1) * SAMPLES.step),
  );
  assert.ok((await rollups(MINUTES.step)).every(({ at }) => at < START + HOUR));
});

onEachDatabase('who leads no more records nothing', async (database) => {
  const { look, samples } = await open(database, {
    instances: () => [measure({ memoryBytes: 1 })],
  });
  await database.transaction((tx) => takeEpoch(tx));
  await assert.rejects(look, ClaimLost);
  assert.deepEqual(await samples(), []);
});

onEachDatabase('a thousand instances are written at once', async (database) => {
  const ids = Array.from({ length: 1_000 }, (): InstanceId => newId('instance'));
  const { look, pass, samples, rollups } = await open(database, {
    instances: () => ids.map((id) => ({ ...measure({ memoryBytes: 1 }), instanceId: id })),
  });
  await look();
  await pass(MINUTE);
  assert.equal((await samples()).length, 2_000);
  assert.equal((await rollups(MINUTES.step)).length, 1_000);
});
