import type { Database } from '../store/database.ts';
import type { DeviceSource } from './device.ts';
import { listDevices } from './device-store.ts';
import type { KnownDevice } from './known-device.ts';

/** The devices as they were seen last, for decisions that cannot wait for a look. */
export type Inventory = {
  /** Every device that is known, however it is. */
  devices(): readonly KnownDevice[];
  /** What the driver's tool said when it was asked last, where that was no answer; else undefined. */
  silent(): string | undefined;
  /** Reads again what is recorded. */
  refresh(): Promise<void>;
  note(trouble: string | undefined): void;
  source: DeviceSource;
};

export async function openInventory(
  { read }: Pick<Database, 'read'>,
  source: DeviceSource,
): Promise<Inventory> {
  let devices = await listDevices(read);
  let silent: string | undefined;
  return {
    source,
    devices: () => devices,
    silent: () => silent,
    refresh: async () => {
      devices = await listDevices(read);
    },
    note: (trouble) => {
      silent = trouble;
    },
  };
}
