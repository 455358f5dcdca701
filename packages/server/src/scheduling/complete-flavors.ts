import { listDevices } from '../devices/device-store.ts';
import { openClasses } from '../devices/flavor-devices.ts';
import { PLATFORM } from '../events/actor.ts';
import type { Tx } from '../store/database.ts';
import { recordCreated, recordChanged } from './flavor-event.ts';
import { changesOf } from './flavor.ts';
import type { Flavor } from './flavor.ts';
import { insertFlavor, lockFlavors, selectCalled, updateFlavorRow } from './flavor-store.ts';
import { planFlavors } from './plan-flavors.ts';
import type { PlannedFlavor } from './plan-flavors.ts';
import type { Pool } from './pool.ts';

/**
 * Adds the sizes that the hosts make sensible, and lets those that it added before follow them. What an operator made,
 * changed or deleted stays as it is, and GPUs that the operator's mapping keeps from everybody make none.
 */
export async function completeFlavors(
  tx: Tx,
  { hosts, flavorDevices }: Pick<Pool, 'hosts' | 'flavorDevices'>,
  at: number,
): Promise<void> {
  await lockFlavors(tx);
  const known = await listDevices(tx);
  const { of } = openClasses(flavorDevices, [], known);
  const offered = known.filter((device) => of(device) !== undefined);
  const planned = new Map<string, PlannedFlavor>();
  for (const { name, memoryMiB, cpus = 1 } of hosts) {
    const devices = offered.filter(({ host }) => host === name);
    for (const one of planFlavors({ memoryMiB, cpus, devices }))
      planned.set(one.name.toLowerCase(), one);
  }
  if (planned.size === 0) return;
  const called = await selectCalled(tx, [...planned.keys()]);
  for (const one of planned.values()) await complete(tx, one, { called, at });
}

async function complete(
  tx: Tx,
  planned: PlannedFlavor,
  { called, at }: { called: readonly Flavor[]; at: number },
): Promise<void> {
  const { name } = planned;
  const former = called.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (former === undefined) {
    await insertFlavor(tx, { ...planned, origin: 'machine', createdAt: at, changedAt: at });
    return recordCreated(tx, planned, { by: PLATFORM, at });
  }
  const changes = changesOf(former, planned);
  if (former.origin !== 'machine' || former.removedAt !== null) return;
  if (Object.keys(changes).length === 0) return;
  await updateFlavorRow(tx, former.name, { ...changes, origin: 'machine', changedAt: at });
  await recordChanged(tx, former.name, { changes, by: PLATFORM, at });
}
