import { listFlavors } from '../scheduling/flavor-store.ts';
import { openEmpty } from '../scheduling/never-fits.ts';
import type { EmptyPlatform } from '../scheduling/never-fits.ts';
import type { Database } from '../store/database.ts';

const pool = { hosts: [{ name: 'local', memoryMiB: 2 ** 40 }], flavorDevices: [] };

/** A platform that holds as much as anybody wants, but has no GPUs. */
export const withoutGpus =
  ({ read }: Pick<Database, 'read'>) =>
  async (): Promise<EmptyPlatform> =>
    openEmpty({ pool, devices: [] }, await listFlavors(read));

/** A platform that holds every size that there is. */
export const boundless =
  ({ read }: Pick<Database, 'read'>) =>
  async (): Promise<EmptyPlatform> => ({
    ...(await withoutGpus({ read })()),
    fits: () => true,
  });
