import { priceOfGpus, priceOfMemory } from '../billing/price.ts';
import { wordsOf } from '../devices/flavor-devices.ts';
import type { Flavor } from './flavor.ts';
import { nameModels } from './name-models.ts';

/** What a host has for sizes to be made of. */
export type HostSize = {
  memoryMiB: number;
  cpus: number;
  devices: readonly { model: string; parentUuid: string | null }[];
};

export type PlannedFlavor = Pick<
  Flavor,
  'name' | 'cpus' | 'memoryMiB' | 'diskMiB' | 'gpus' | 'deviceModel' | 'microEurosPerDay'
>;

const DISK_MIB = 10 * 1024;

/** A sixteenth is left for builds, and for what else is small. */
const SHARED = 15 / 16;

/** The largest of the price list, from which those of larger hosts go on: it is called 3XL. */
const LARGEST = { factor: 3, cpus: 16, memoryMiB: 32_768 };

/**
 * The sizes that a host makes sensible beside those that every platform has: for each model of whole GPUs 1, 2, 4, 8, …
 * and all of them, with their share of its CPUs and memory; and twice the largest size, as often as it has room for that.
 */
export const planFlavors = (host: HostSize): PlannedFlavor[] => [
  ...planGpuFlavors(host),
  ...planLargeFlavors(host),
];

function planGpuFlavors({ memoryMiB, cpus, devices }: HostSize): PlannedFlavor[] {
  const whole = devices.filter(({ parentUuid }) => parentUuid === null);
  const share = (of: number, count: number): number => (of * count) / whole.length;
  const byModel = [...Map.groupBy(whole, ({ model }) => wordsOf(model)).values()];
  const names = nameModels(byModel.flatMap(([one]) => one?.model ?? []));
  return byModel.flatMap((alike) => {
    const named = names.get(alike[0]?.model ?? '');
    if (named === undefined) return [];
    return countsUpTo(alike.length).map((gpus) => ({
      name: `${gpus}x${named.called}`,
      cpus: Math.max(1, Math.floor(share(cpus, gpus))),
      memoryMiB: roundDown(share(memoryMiB * SHARED, gpus)),
      diskMiB: DISK_MIB * gpus,
      gpus,
      deviceModel: named.words,
      microEurosPerDay: priceOfGpus(gpus),
    }));
  });
}

function* doublings(from: number): Generator<number> {
  for (let count = from; ; count *= 2) yield count;
}

function countsUpTo(most: number): number[] {
  const counts: number[] = [];
  for (const count of doublings(1)) {
    if (count >= most) return [...counts, most];
    counts.push(count);
  }
  return counts;
}

function planLargeFlavors({ memoryMiB, cpus }: HostSize): PlannedFlavor[] {
  const flavors: PlannedFlavor[] = [];
  for (const times of doublings(2)) {
    const memory = LARGEST.memoryMiB * times;
    if (memory > memoryMiB * SHARED) return flavors;
    flavors.push({
      name: `${LARGEST.factor + Math.log2(times)}XL`,
      cpus: Math.max(LARGEST.cpus, Math.min(LARGEST.cpus * times, cpus)),
      memoryMiB: memory,
      diskMiB: DISK_MIB * times,
      gpus: 0,
      deviceModel: null,
      microEurosPerDay: priceOfMemory(memory),
    });
  }
  return flavors;
}

/** To whole GiB where it is many, and to what can be read where it is few. */
function roundDown(memoryMiB: number): number {
  const step = memoryMiB >= 8192 ? 1024 : 256;
  return Math.max(step, Math.floor(memoryMiB / step) * step);
}
