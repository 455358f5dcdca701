import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../packages/server/src/lib/clock.ts';
import type { RunId, WorkloadId } from '../../packages/server/src/lib/ids.ts';
import { becomeLeader } from '../../packages/server/src/reconcile/leader.ts';
import { startReconcileLoop } from '../../packages/server/src/reconcile/loop.ts';
import { request } from '../../packages/server/src/reconcile/queue.ts';
import { insertDevice } from '../../packages/server/src/devices/device-store.ts';
import { endLeases, leasesOf, releaseDevice } from '../../packages/server/src/devices/devices.ts';
import { findFlavor } from '../../packages/server/src/scheduling/flavor.ts';
import type { Pool } from '../../packages/server/src/scheduling/pool.ts';
import { openDatabase } from '../../packages/server/src/store/database.ts';
import type { Database, Tx } from '../../packages/server/src/store/database.ts';
import { migrate } from '../../packages/server/src/store/migrate.ts';
import { silentLog } from '../../packages/server/src/testing/log.ts';
import { makeApplication, makeOwner } from '../../packages/server/src/testing/rows.ts';
import { toldSubjects } from '../../packages/server/src/testing/subjects.ts';
import { queueReconciler } from '../../packages/server/src/workloads/queue-reconciler.ts';
import { transition } from '../../packages/server/src/states/transition.ts';
import { workloadMachine } from '../../packages/server/src/workloads/machines.ts';
import type { NewWorkload } from '../../packages/server/src/workloads/workload-store.ts';
import { cleanUpAfter } from '../clean-up.ts';

/** A platform's queue with nothing behind it: who is admitted starts nowhere. */
export type Scene = {
  database: Database;
  /** A run of a size, to be inserted. */
  workload(order: { flavor: string; nodes?: number; estimate: number; at: number }): NewWorkload;
  /** Calls back with those admitted that it has not named yet, after the commit that admitted them. */
  onAdmitted(listener: (ids: readonly WorkloadId[]) => void): void;
  /** The workload is over and its devices are proven free, which asks for a look at the queue. */
  end(tx: Tx, id: WorkloadId): Promise<void>;
};

const clock = systemClock;

/**
 * Gives `use` the production queue and its loop, on a durable database of its own in a new folder, with as
 * many simulated devices on each host.
 */
export const withScene = <T>(
  { hosts, gpusOfEach }: { hosts: number; gpusOfEach: number },
  use: (scene: Scene) => Promise<T>,
): Promise<T> =>
  cleanUpAfter(async (later) => {
    const folder = mkdtempSync(join(tmpdir(), 'grid-bench-'));
    later(() => rmSync(folder, { recursive: true, force: true }));
    const database = openDatabase({ path: join(folder, 'grid.db') });
    later(() => database.close());
    await migrate(database, { now: clock() });
    const names = Array.from({ length: hosts }, (_, index) => `host-${index}`);
    await addDevices(database, names, gpusOfEach);
    const pool: Pool = {
      hosts: names.map((name) => ({ name, memoryMiB: 1_048_576 })),
      flavorDevices: [],
    };
    const workload = await openOrders(database);
    const stop = await startLoop(database, pool, join(folder, 'leader.db'));
    later(stop);
    return use({
      database,
      workload,
      onAdmitted: (listener) => watchAdmitted(database, listener),
      end,
    });
  });

const addDevices = (
  database: Database,
  hosts: readonly string[],
  gpusOfEach: number,
): Promise<void> =>
  database.transaction(async (tx) => {
    for (const host of hosts)
      for (let index = 0; index < gpusOfEach; index++)
        await insertDevice(tx, device(`GPU-${host}-${index}`, index), { host, at: clock() });
  });

const device = (uuid: string, index: number) => ({
  uuid,
  index,
  model: 'NVIDIA H100',
  memoryMiB: 81_920,
  minor: undefined,
  pciBus: undefined,
  numa: undefined,
  parentUuid: undefined,
  driver: undefined,
  files: [],
  trouble: undefined,
});

/** What is asked for belongs to one application. */
async function openOrders(database: Database): Promise<Scene['workload']> {
  const { organizationId: ownerId } = await makeOwner(database, clock());
  const applicationId = await makeApplication(database, { ownerId });
  const owned = { ownerId, applicationId };
  return ({ flavor, nodes = 1, estimate, at }) => {
    const { cpus = 1, memoryMiB = 0, gpus = 0 } = findFlavor(flavor) ?? {};
    const size = { flavor, cpus, memoryMiB, gpus, deviceClass: 'gpu', nodes };
    const times = { turnAt: at, queueAt: at, estimate, maxDuration: null, graceSeconds: 1, at };
    return {
      ...owned,
      subjectKind: 'run',
      subjectId: 'run_of-nobody' as RunId,
      metered: false,
      engine: 'process',
      ...size,
      ...times,
    };
  };
}

async function startLoop(
  database: Database,
  pool: Pool,
  leaderFile: string,
): Promise<() => Promise<void>> {
  const leadership = await becomeLeader(database, leaderFile, AbortSignal.timeout(1_000));
  if (leadership === undefined) throw new Error('somebody else leads');
  const inventory = { silent: () => undefined };
  const queue = queueReconciler({ database, clock, pool, inventory, subjects: toldSubjects });
  const { epoch } = leadership;
  const failed = (facts: object, message: string): void =>
    void process.stderr.write(`${message}: ${JSON.stringify(facts)}\n`);
  const log = { ...silentLog, error: failed };
  const loop = startReconcileLoop({
    database,
    clock,
    log,
    epoch,
    reconcilers: { queue },
    concurrency: 32,
  });
  return async () => {
    await loop.stop();
    await leadership.resign();
  };
}

function watchAdmitted(database: Database, listener: (ids: readonly WorkloadId[]) => void): void {
  const seen = new Set<WorkloadId>();
  const look = async (): Promise<void> => {
    const admitted = database.read.selectFrom('workloads').select('id');
    const rows = await admitted.where('state', '=', 'admitted').execute();
    const ids = rows.map(({ id }) => id).filter((id) => !seen.has(id));
    for (const id of ids) seen.add(id);
    if (ids.length > 0) listener(ids);
  };
  database.afterCommit(() => void look());
}

async function end(tx: Tx, id: WorkloadId): Promise<void> {
  const at = clock();
  await transition(tx, workloadMachine, { id }, { event: 'gone', at });
  await endLeases(tx, id, at);
  for (const lease of await leasesOf(tx, id)) await releaseDevice(tx, lease, { at });
  await request(tx, 'queue', 'all', at);
}
