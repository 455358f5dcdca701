import assert from 'node:assert/strict';
import { PLATFORM } from '../events/actor.ts';
import type { WorkloadId } from '../lib/ids.ts';
import { claimDue, release, askForLook } from '../reconcile/looks.ts';
import { deviceMachine } from '../devices/known-device.ts';
import { insertDevice } from '../devices/device-store.ts';
import { listLeases } from '../devices/lease-store.ts';
import { endLeases, releaseDevice } from '../devices/devices.ts';
import { transition } from '../states/transition.ts';
import type { Database } from '../store/database.ts';
import { setLimit } from '../limits/change-limits.ts';
import type { SubjectKind } from '../store/schema.ts';
import { estimateFrom } from '../scheduling/estimate.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeApplication, makeDeployment, makeOwner } from '../testing/rows.ts';
import { toldSubjects } from '../testing/subjects.ts';
import { addInstance } from './add-instances.ts';
import { createWorkload } from './create-workload.ts';
import { workloadInstances } from './instance-store.ts';
import { queueReconciler } from './queue-reconciler.ts';
import { showQueue } from './show-queue.ts';
import type { Workload } from './workload.ts';
import { workloadMachine } from './machines.ts';
import { findWorkload, updateWantedGone } from './workload-store.ts';

type Made = {
  /** How long its application's last run took; none ran where nothing is said. */
  took?: number;
  maxDuration?: number;
  flavor?: string;
  nodes?: number;
  at?: number;
  kind?: SubjectKind;
  metered?: boolean;
  applicationId?: null;
};

/** A platform of one host, with as many simulated devices. */
async function open(database: Database, { memoryMiB = 800, gpus = 0 } = {}) {
  const { organizationId: ownerId } = await makeOwner(database);
  const applicationId = await makeApplication(database, { ownerId });
  const owned = { ownerId, applicationId };
  const pool = { hosts: [{ name: 'local', memoryMiB }], flavorDevices: [] };
  const driver: { says: string | undefined } = { says: undefined };
  const clock = { now: 100 };
  const inventory = { silent: () => driver.says };
  const look = queueReconciler({
    database,
    clock: () => clock.now,
    pool,
    inventory,
    subjects: toldSubjects,
  });
  await database.transaction(async (tx) => {
    for (let index = 0; index < gpus; index += 1)
      await insertDevice(tx, device(index), { host: 'local', at: 1 });
  });
  const deploymentId = await makeDeployment(database, owned);
  const find = async (id: WorkloadId): Promise<Workload> => {
    const found = await findWorkload(database.read, id);
    assert.ok(found);
    return found;
  };
  return {
    ownerId,
    clock,
    driver,
    find,
    deps: { pool, inventory },
    make: ({ flavor = 'pico', nodes = 1, at = 1, kind = 'run', took, ...rest }: Made = {}) =>
      database.transaction((tx) =>
        createWorkload(tx, pool, {
          ...owned,
          ...rest,
          subjectKind: kind,
          subjectId: deploymentId,
          estimate: kind === 'run' ? estimateFrom(took === undefined ? [] : [took], rest) : null,
          engine: 'process',
          flavor,
          nodes,
          graceSeconds: 1,
          at,
        }),
      ),
    /** Looks at the queue; when it is to be looked at again. */
    async plan(): Promise<number | undefined> {
      await database.transaction((tx) => askForLook(tx, 'queue', 'all', clock.now));
      const taking = { now: clock.now, leaseMs: 1, epoch: 0, kinds: ['queue'], limit: 1 } as const;
      const [claim] = await claimDue(database, taking);
      assert.ok(claim);
      const dueAt = await look(claim, new AbortController().signal);
      await release(database, [{ claim, dueAt: undefined, attempts: 0 }], clock.now);
      return dueAt;
    },
    stateOf: async (id: WorkloadId) => {
      const { state, reason } = await find(id);
      return reason === null ? state : `${state}: ${reason}`;
    },
    end: (id: WorkloadId) =>
      database.transaction(async (tx) => {
        await transition(tx, workloadMachine, { id }, { event: 'gone', at: clock.now });
        await endLeases(tx, id, clock.now);
      }),
    cancel: (workloadId: WorkloadId) =>
      database.transaction((tx) => updateWantedGone(tx, { workloadId })),
    prove: async () => {
      const ended = (await listLeases(database.read)).filter(({ endedAt }) => endedAt !== null);
      await database.transaction(async (tx) => {
        for (const lease of ended) await releaseDevice(tx, lease, { at: clock.now });
      });
    },
    fallIll: (index: number) =>
      database.transaction((tx) =>
        transition(
          tx,
          deviceMachine,
          { uuid: device(index).uuid },
          { event: 'fell_ill', facts: { reason: 'xid', detail: 'Xid 79' }, at: 5 },
        ),
      ),
    held: async () =>
      (await listLeases(database.read))
        .map(({ deviceUuid, number }) => `${number}: ${deviceUuid}`)
        .toSorted(),
  };
}

const device = (index: number) => ({
  uuid: `GPU-${index}`,
  model: 'NVIDIA H100',
  memoryMiB: 81_920,
  index,
  minor: undefined,
  pciBus: undefined,
  numa: undefined,
  parentUuid: undefined,
  driver: undefined,
  files: [],
  trouble: undefined,
});

onEachDatabase('all nodes are admitted, or none; who waits is told why', async (database) => {
  const { make, find, plan, end } = await open(database);
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
  const { make, plan, stateOf } = await open(database);
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
  'a start is foretold, kept as it was said first, and planned anew when it passes',
  async (database) => {
    const { make, plan, find, clock } = await open(database, { memoryMiB: 256 });
    await make({ took: 60_000 });
    await plan();
    const waits = await make({ at: 2 });
    const again = await plan();
    const { promisedAt } = await find(waits);
    assert.ok(promisedAt !== null && promisedAt > clock.now);
    assert.equal(again, promisedAt + 1);
    clock.now = promisedAt + 1;
    assert.ok(((await plan()) ?? 0) > clock.now);
    assert.equal((await find(waits)).promisedAt, promisedAt);
  },
);

onEachDatabase(
  'a start that hangs on what has no history is not foretold: it is said to be unknown, and no forecast',
  async (database) => {
    const told = async (first: Made) => {
      const { make, plan, find, end, deps, ownerId, clock } = await opened;
      const holder = await make(first);
      await plan();
      const waits = await make({ at: 2 });
      await plan();
      const { detail, promisedAt } = await find(waits);
      const now = clock.now;
      const { waiting } = await showQueue(database.read, deps, { ownerId, now });
      const [shown = assert.fail()] = waiting;
      const { expectedAt, latestAt, expectation } = shown;
      for (const id of [holder, waits]) await end(id);
      const after = (at: number | null) => (at === null ? null : at - now);
      return {
        expectation,
        promised: promisedAt !== null,
        expected: after(expectedAt),
        latest: after(latestAt),
        said: /It is expected .*|When it starts .*/.exec(detail ?? '')?.[0],
      };
    };
    const opened = open(database, { memoryMiB: 256 });
    const hour = 3_600_000;
    assert.deepEqual(await told({}), {
      expectation: 'assumption',
      promised: false,
      expected: null,
      latest: 24 * hour,
      said: 'When it starts is not known: the runs before it have no history; at the latest in about 24 hours, if none takes longer than is assumed.',
    });
    assert.deepEqual(await told({ maxDuration: 3 * hour }), {
      expectation: 'bound',
      promised: false,
      expected: null,
      latest: 3 * hour,
      said: 'When it starts is not known: the runs before it have no history; at the latest in about 3 hours.',
    });
    assert.deepEqual(await told({ took: hour, maxDuration: 3 * hour }), {
      expectation: 'estimate',
      promised: true,
      expected: 1.3 * hour,
      latest: null,
      said: 'It is expected to start in about 78 minutes.',
    });
    const { deps, ownerId } = await opened;
    const { accuracy } = await showQueue(database.read, deps, { ownerId, now: 101 });
    assert.equal(accuracy.starts, 0);
  },
);

onEachDatabase(
  'what starts in the same look has no more history than what runs',
  async (database) => {
    const { make, plan, find } = await open(database, { memoryMiB: 256 });
    await make({ maxDuration: 600_000 });
    const waits = await make({ at: 2 });
    await plan();
    const { detail, promisedAt } = await find(waits);
    assert.match(detail ?? '', /is not known: .* at the latest in about 10 minutes\.$/);
    assert.equal(promisedAt, null);
  },
);

onEachDatabase(
  'what has no history spoils no forecast that does not hang on it',
  async (database) => {
    const { make, plan, find, clock } = await open(database, { memoryMiB: 512 });
    await make({ took: 60_000 });
    await make();
    await plan();
    const [next, last] = [await make({ at: 2 }), await make({ at: 3 })];
    await plan();
    assert.equal((await find(next)).promisedAt, clock.now + 78_000);
    const { promisedAt, detail } = await find(last);
    assert.equal(promisedAt, null, 'the next has no history either');
    assert.match(detail ?? '', /is not known: .* at the latest in about 24 hours, if none/);
  },
);

onEachDatabase(
  'each node holds devices of its own, and they are offered again once they are proven free',
  async (database) => {
    const { make, plan, held, end, stateOf, prove } = await open(database, {
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
    const { make, plan, held, stateOf, fallIll, driver } = await open(database, {
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
  const { make, plan, cancel, stateOf } = await open(database);
  const id = await make();
  await cancel(id);
  await plan();
  assert.equal(await stateOf(id), 'waiting');
});

onEachDatabase(
  'who holds as much as their owner may is told the limit, and goes on when that is raised',
  async (database) => {
    const { make, plan, stateOf, find, ownerId, clock } = await open(database);
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
  'time is paid for from the admission on, whatever was there before, and not where it costs nothing',
  async (database) => {
    const { make, plan, find, clock } = await open(database, { memoryMiB: 512 });
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
    const { make, plan, find } = await open(database, { memoryMiB: 65_536, gpus: 1 });
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
