import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { InstanceMetrics, RunDetails } from '@grid/api';
import { DAY, HOUR, MINUTE, SECOND } from '../lib/duration.ts';
import { newId } from '../lib/ids.ts';
import type { ApplicationId, InstanceId } from '../lib/ids.ts';
import { MINUTES, SAMPLES } from '../metrics/metric.ts';
import { insertRollups, insertSamples } from '../metrics/metrics-store.ts';
import { rollUp, widen } from '../metrics/rollup.ts';
import { listAttempts } from '../runs/attempt-store.ts';
import type { Database } from '../store/database.ts';
import { openApp } from '../testing/app.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeInstance } from '../testing/instances.ts';
import { lendDevice } from '../testing/leases.ts';
import { makeApplication, makeDeployment, makeRun } from '../testing/rows.ts';
import { noteExited, noteStarted } from '../workloads/change-instance.ts';
import { insertInstances } from '../workloads/instance-store.ts';
import { findWorkload } from '../workloads/workload-store.ts';

/** The first has the device until half a minute past, the second from then on. */
const START = 1_000 * DAY;
const CHANGE = START + 5.5 * MINUTE;
const END = START + 10 * MINUTE;
const UUID = 'GPU-1';

/** What the first does with the device is 1, and what the second does 0.25. */
const samples = Array.from({ length: 60 }, (_, number) => {
  const at = START + number * SAMPLES.step;
  const utilization = at < CHANGE ? 1 : 0.25;
  const values = { utilization, memory: at < CHANGE ? 9 : 7, power: 70, temperature: 50 };
  return { subjectId: UUID, at, values };
});

/** A platform on which two applications had the same device one after the other. */
async function open(database: Database, t: TestContext) {
  const clock = { now: END };
  const platform = await openApp(database, t, clock);
  const { organizationId: ownerId } = platform.claimed;
  const first = await makeApplication(database, { ownerId });
  const second = await makeApplication(database, { ownerId });
  await database.transaction(async (tx) => {
    await insertSamples(tx, samples);
    const wide = samples.map((one) => ({ ...one, values: widen(one.values) }));
    await insertRollups(tx, MINUTES.step, rollUp(wide, MINUTES.step));
  });
  const path = (id: ApplicationId) => `/grid/v1/owners/${ownerId}/applications/${id}`;
  const read = async (id: ApplicationId): Promise<InstanceMetrics | undefined> => {
    const { status, json, text } = await platform.ask('GET', `${path(id)}/metrics?from=${START}`);
    assert.equal(status, 200, text);
    const [instance] = (json as { instances: InstanceMetrics[] }).instances;
    return instance;
  };
  const make = (applicationId: ApplicationId, life: { startedAt: number; endedAt?: number }) =>
    makeInstance(database, { ownerId, applicationId, ...life });
  return { ...platform, clock, ownerId, first, second, path, read, make };
}

type Scene = Awaited<ReturnType<typeof open>>;

async function haveInTurn(database: Database, { make, first, second }: Scene): Promise<void> {
  const one = await make(first, { startedAt: START, endedAt: CHANGE });
  await lendDevice(database, one, { uuid: UUID, at: START, until: CHANGE });
  const two = await make(second, { startedAt: CHANGE });
  await lendDevice(database, two, { uuid: UUID, at: CHANGE });
}

const device = (instance: InstanceMetrics | undefined) => {
  const [found] = instance?.devices ?? [];
  assert.ok(found);
  return found;
};

onEachDatabase(
  'of a device that two had one after the other each sees its own',
  async (database, t) => {
    const scene = await open(database, t);
    await haveInTurn(database, scene);
    const [one, two] = [
      device(await scene.read(scene.first)),
      device(await scene.read(scene.second)),
    ];
    assert.deepEqual([one.uuid, one.model], [UUID, 'NVIDIA L4']);
    const { utilization, memoryBytes, powerWatts, temperatureCelsius } = one;
    assert.deepEqual([...new Set(utilization.mean)], [1]);
    assert.deepEqual([...new Set(memoryBytes.max)], [9]);
    assert.deepEqual([powerWatts.min[0], temperatureCelsius.mean[0]], [70, 50]);
    assert.deepEqual(
      [one.at[0], one.at.at(-1), one.at.length],
      [START + 10 * SECOND, CHANGE - 10 * SECOND, 32],
    );
    assert.deepEqual([...new Set(two.utilization.max)], [0.25]);
    assert.deepEqual(
      [two.at[0], two.at.at(-1), two.at.length],
      [CHANGE + 10 * SECOND, END - 10 * SECOND, 26],
    );
  },
);

onEachDatabase('a minute in which both had it is shown to neither', async (database, t) => {
  const scene = await open(database, t);
  await haveInTurn(database, scene);
  scene.clock.now = END + 3 * HOUR;
  const [one, two] = [
    device(await scene.read(scene.first)),
    device(await scene.read(scene.second)),
  ];
  const minutes = (all: readonly number[]) => all.map((at) => (at - START) / MINUTE);
  assert.deepEqual(minutes(one.at), [1, 2, 3, 4]);
  assert.deepEqual(minutes(two.at), [6, 7, 8, 9]);
  assert.deepEqual(
    [...one.utilization.min, ...one.utilization.max],
    Array.from({ length: 8 }, () => 1),
  );
  assert.deepEqual([...new Set([...two.utilization.min, ...two.utilization.max])], [0.25]);
});

onEachDatabase('an instance without devices has none', async (database, t) => {
  const { read, first, make } = await open(database, t);
  await make(first, { startedAt: START });
  assert.deepEqual((await read(first))?.devices, []);
});

/** A run of the application whose only node lived in that time. */
async function run(
  database: Database,
  { ownerId, first: applicationId }: Scene,
  life: { at: number; until: number },
) {
  const owned = { ownerId, applicationId };
  const deploymentId = await makeDeployment(database, { ...owned, status: 'completed' });
  const id = await makeRun(database, { ...owned, deploymentId });
  const [attempt] = await listAttempts(database.read, id);
  assert.ok(attempt);
  const instanceId = newId('instance');
  await database.transaction(async (tx) => {
    const workload = await findWorkload(tx, attempt.workloadId);
    assert.ok(workload);
    const named = { name: 'Quiet heron', number: 0, attempt: 1, startAfter: null };
    await insertInstances(tx, workload, [{ ...named, id: instanceId, at: life.at }]);
    const seen = { heartbeatAt: life.at, startedAt: life.at, endpoint: undefined };
    await noteStarted(tx, instanceId, { status: 'running', ...seen });
  });
  return { id, instanceId, end: () => end(database, instanceId, life.until) };
}

const end = (database: Database, instanceId: InstanceId, at: number) =>
  database.transaction((tx) =>
    noteExited(tx, instanceId, {
      exitCode: 0,
      signal: undefined,
      reason: 'exited',
      step: '',
      at,
      detail: undefined,
    }),
  );

onEachDatabase('a run says how its devices were used while it had them', async (database, t) => {
  const scene = await open(database, t);
  const { id, instanceId, end } = await run(database, scene, { at: START, until: CHANGE });
  const usage = async () => {
    const { json, text } = await scene.ask('GET', `${scene.path(scene.first)}/runs/${id}`);
    const { usage } = json as RunDetails;
    assert.ok(usage !== undefined, text);
    return usage;
  };
  assert.equal(await usage(), null, 'it has no device');
  await end();
  await lendDevice(database, instanceId, { uuid: UUID, at: START, until: CHANGE });
  assert.deepEqual(await usage(), {
    measuredSeconds: 320,
    utilization: { mean: 1, max: 1 },
    memoryBytes: { max: 9 },
  });
  scene.clock.now = END + 3 * HOUR;
  assert.equal((await usage())?.measuredSeconds, 240, 'of whole minutes');
  scene.clock.now = END + 3 * DAY;
  assert.equal(await usage(), null, 'no quarter of an hour was its own');
});
