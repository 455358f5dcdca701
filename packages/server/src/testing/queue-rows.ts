import { insertDevice } from '../devices/device-store.ts';
import { endLeases, releaseDevice } from '../devices/devices.ts';
import { leasesOf } from '../devices/lease-store.ts';
import type { RunId, WorkloadId } from '../lib/ids.ts';
import { askForLook } from '../reconcile/looks.ts';
import { listFlavors } from '../scheduling/flavor-store.ts';
import type { Database, Tx } from '../store/database.ts';
import { transition } from '../states/transition.ts';
import { workloadMachine } from '../workloads/machines.ts';
import type { NewWorkload } from '../workloads/workload-store.ts';
import { device } from './leases.ts';
import { makeApplication, makeOwner } from './rows.ts';

type Order = { flavor: string; nodes?: number; estimate: number; at: number };

/** As many devices on each of these hosts. */
export const addDevices = (
  database: Database,
  hosts: readonly string[],
  { ofEach, at }: { ofEach: number; at: number },
): Promise<void> =>
  database.transaction(async (tx) => {
    for (const host of hosts)
      for (let index = 0; index < ofEach; index++)
        await insertDevice(tx, { ...device(index), uuid: `GPU-${host}-${index}` }, { host, at });
  });

/** Describes runs of a size, to be inserted; all belong to one application, which this makes. */
export async function openOrders(database: Database): Promise<(order: Order) => NewWorkload> {
  const { organizationId: ownerId } = await makeOwner(database);
  const owned = { ownerId, applicationId: await makeApplication(database, { ownerId }) };
  const flavors = await listFlavors(database.read);
  return ({ flavor, nodes = 1, estimate, at }) => {
    const known = flavors.find(({ name }) => name === flavor);
    if (known === undefined) throw new Error(`there is no flavor ${flavor}`);
    const { cpus, memoryMiB, diskMiB, gpus, microEurosPerDay } = known;
    const of = { flavor, cpus, memoryMiB, diskMiB, gpus, microEurosPerDay };
    const size = { ...of, deviceClass: 'gpu', nodes };
    const times = { turnAt: at, queueAt: at, estimate, maxDuration: null, graceSeconds: 1, at };
    const whose = {
      subjectKind: 'run',
      subjectId: 'run_of-nobody' as RunId,
      metered: false,
    } as const;
    return { ...owned, ...whose, engine: 'process', ...size, ...times };
  };
}

/** The workload is over and its devices are proven free, which asks for a look at the queue. */
export async function finish(tx: Tx, id: WorkloadId, at: number): Promise<void> {
  await transition(tx, workloadMachine, { id }, { event: 'gone', at });
  await endLeases(tx, id, at);
  for (const lease of await leasesOf(tx, id)) await releaseDevice(tx, lease, { at });
  await askForLook(tx, 'queue', 'all', at);
}
