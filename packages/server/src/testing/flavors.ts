import type { Flavor } from '../scheduling/flavor.ts';
import { catalogue } from '../store/migrations/0012-sizes.ts';

const common = { diskMiB: 10_240, deviceModel: null, createdAt: 0, changedAt: 0, removedAt: null };

/** What every platform begins with, the smallest first. */
export const flavors: readonly Flavor[] = catalogue.map(
  ([name, cpus, memoryMiB, gpus, microEurosPerDay]) => ({
    ...common,
    name,
    cpus,
    memoryMiB,
    gpus,
    microEurosPerDay,
    origin: 'catalogue',
  }),
);
