import { listDevices } from '../devices/device-store.ts';
import { PLATFORM } from '../events/actor.ts';
import type { Tx } from '../store/database.ts';
import { recordCreated, recordChanged } from './flavor-event.ts';
import { changesOf } from './flavor.ts';
import { insertFlavor, lockFlavors, selectCalled, updateFlavorRow } from './flavor-store.ts';
import { planFlavors } from './plan-flavors.ts';
import type { PlannedFlavor } from './plan-flavors.ts';
import type { Pool } from './pool.ts';

/**
 * Adds the sizes that the hosts make sensible, and lets those that it added before follow them. What an operator made,
 * changed or deleted stays as it is.
 */
export async function completeFlavors(
  tx: Tx,
  { hosts }: Pick<Pool, 'hosts'>,
  at: number,
): Promise<void> {
  await lockFlavors(tx);
  const devices = await listDevices(tx);
  const planned = new Map<string, PlannedFlavor>();
  for (const { name, memoryMiB, cpus = 1 } of hosts)
    for (const one of planFlavors({
      memoryMiB,
      cpus,
      devices: devices.filter((d) => d.host === name),
    }))
      planned.set(one.name, one);
  if (planned.size === 0) return;
  const known = await selectCalled(tx, [...planned.keys()]);
  for (const one of planned.values()) await complete(tx, one, { known, at });
}

async function complete(
  tx: Tx,
  planned: PlannedFlavor,
  { known, at }: { known: Awaited<ReturnType<typeof selectCalled>>; at: number },
): Promise<void> {
  const { name } = planned;
  const former = known.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (former === undefined) {
    await insertFlavor(tx, { ...planned, origin: 'machine', createdAt: at, changedAt: at });
    return recordCreated(tx, planned, { by: PLATFORM, at });
  }
  const changes = changesOf(former, planned);
  if (former.origin !== 'machine' || former.removedAt !== null) return;
  if (Object.keys(changes).length === 0) return;
  await updateFlavorRow(tx, name, { ...changes, origin: 'machine', changedAt: at });
  await recordChanged(tx, name, { changes, by: PLATFORM, at });
}
