import type { InstanceId } from '../lib/ids.ts';
import type { Device } from '../devices/device.ts';
import { insertDevice, listDevices } from '../devices/device-store.ts';
import { endLeases, leaseDevices, releaseDevice } from '../devices/devices.ts';
import type { Database } from '../store/database.ts';
import { findInstance } from '../workloads/instance-store.ts';

const L4 = { model: 'NVIDIA L4', memoryMiB: 23_034, index: 0, files: [] };
/** What nobody needs to know of a device. */
export const UNSAID = {
  minor: undefined,
  pciBus: undefined,
  numa: undefined,
  parentUuid: undefined,
  driver: undefined,
  trouble: undefined,
};

/** A GPU that is well, or has this trouble. */
export const device = (index: number, trouble?: Device['trouble']): Device => ({
  ...UNSAID,
  uuid: `GPU-${index}`,
  index,
  model: 'NVIDIA H100',
  memoryMiB: 81_920,
  files: [],
  trouble,
});

/** Leases a device, which is an L4, to the node of an instance, and gives it back where that is over. */
export async function lendDevice(
  database: Database,
  instanceId: InstanceId,
  { uuid, at, until }: { uuid: string; at: number; until?: number },
): Promise<void> {
  const held = await findInstance(database.read, instanceId);
  if (held === undefined) throw new Error('there is no instance');
  const { workloadId, ownerId, applicationId, subjectKind, subjectId, number } = held;
  const of = { workloadId, ownerId, applicationId, subjectKind, subjectId };
  const lease = { deviceUuid: uuid, ...of, number };
  const isNew = (await listDevices(database.read)).every((device) => device.uuid !== uuid);
  await database.transaction(async (tx) => {
    if (isNew) await insertDevice(tx, { ...L4, ...UNSAID, uuid }, { host: 'here', at });
    await leaseDevices(tx, [lease], at);
    if (until === undefined) return;
    await endLeases(tx, workloadId, until);
    await releaseDevice(tx, lease, { at: until });
  });
}
