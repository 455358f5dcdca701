import assert from 'node:assert/strict';
import type { WorkloadId } from '../lib/ids.ts';
import { claimDue, release, askForLook } from '../reconcile/looks.ts';
import { deviceMachine } from '../devices/known-device.ts';
import { insertDevice } from '../devices/device-store.ts';
import { listLeases } from '../devices/lease-store.ts';
import { endLeases, releaseDevice } from '../devices/devices.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import { transition } from '../states/transition.ts';
import type { Database } from '../store/database.ts';
import type { SubjectKind } from '../store/schema.ts';
import { estimateFrom } from '../scheduling/estimate.ts';
import { createWorkload } from '../workloads/create-workload.ts';
import { workloadMachine } from '../workloads/machines.ts';
import { queueReconciler } from '../workloads/queue-reconciler.ts';
import type { Workload } from '../workloads/workload.ts';
import { findWorkload, updateWantedGone } from '../workloads/workload-store.ts';
import { makeApplication, makeDeployment, makeOwner } from './rows.ts';
import { toldSubjects } from './subjects.ts';

export type Made = {
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
export async function openQueue(database: Database, { memoryMiB = 800, gpus = 0 } = {}) {
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
    plan: () => lookAtQueue(database, look, clock.now),
    stateOf: async (id: WorkloadId) => {
      const { state, reason } = await find(id);
      return reason === null ? state : `${state}: ${reason}`;
    },
    ...deedsIn(database, clock),
  };
}

async function lookAtQueue(
  database: Database,
  look: Reconciler,
  now: number,
): Promise<number | undefined> {
  await database.transaction((tx) => askForLook(tx, 'queue', 'all', now));
  const [claim] = await claimDue(database, {
    now,
    leaseMs: 1,
    epoch: 0,
    kinds: ['queue'],
    limit: 1,
  });
  assert.ok(claim);
  const dueAt = await look(claim, new AbortController().signal);
  await release(database, [{ claim, dueAt: undefined, attempts: 0 }], now);
  return dueAt;
}

/** What happens to what is there. */
const deedsIn = (database: Database, clock: { now: number }) => ({
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
});

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
