import type { Reader, Tx } from '../store/database.ts';
import type { Device } from './device.ts';
import { deviceMachine } from './known-device.ts';
import type { KnownDevice } from './known-device.ts';

/** Every device that was ever seen and not forgotten, by host and place. */
export const listDevices = (db: Reader): Promise<KnownDevice[]> =>
  db
    .selectFrom('devices')
    .selectAll()
    .orderBy('host')
    .orderBy('position')
    .orderBy('uuid')
    .execute();

const rowOf = (device: Omit<Device, 'trouble' | 'uuid' | 'minor' | 'pciBus'>) => ({
  model: device.model,
  memoryMiB: device.memoryMiB,
  position: device.index,
  numa: device.numa ?? null,
  parentUuid: device.parentUuid ?? null,
  driver: device.driver ?? null,
  files: device.files,
});

const { begins } = deviceMachine;

/** What is recorded of a device that is seen for the first time. */
export const firstSeen = ({ trouble }: Device): 'found' | 'found_ill' =>
  trouble === undefined ? 'found' : 'found_ill';

export const insertDevice = (tx: Tx, device: Device, { host, at }: { host: string; at: number }) =>
  tx
    .insertInto('devices')
    .values({
      ...rowOf(device),
      uuid: device.uuid,
      host,
      health: firstSeen(device) === 'found' ? begins.found : begins.found_ill,
      reason: device.trouble?.reason ?? null,
      detail: device.trouble?.detail ?? null,
      healthSince: at,
      firstSeenAt: at,
    })
    .execute();

/** What a device is called and where it is may change with the machine's next start. */
export const updateDevice = (tx: Tx, device: Device) =>
  tx.updateTable('devices').set(rowOf(device)).where('uuid', '=', device.uuid).execute();

/** Whether there is such a device, which from now on counts as mended. */
export async function setRepaired(tx: Tx, uuid: string, at: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('devices')
    .set({ repairedAt: at })
    .where('uuid', '=', uuid)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export const selectRepairs = (db: Reader): Promise<{ uuid: string; repairedAt: number | null }[]> =>
  db
    .selectFrom('devices')
    .select(['uuid', 'repairedAt'])
    .where('repairedAt', 'is not', null)
    .execute();

/** Forgets a device that is missing, and who ever held it. */
export async function deleteDevice(tx: Tx, uuid: string): Promise<void> {
  await tx.deleteFrom('leases').where('deviceUuid', '=', uuid).execute();
  await tx.deleteFrom('devices').where('uuid', '=', uuid).execute();
}
