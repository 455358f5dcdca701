/** A size of instance. */
export type Flavor = {
  name: string;
  cpus: number;
  memoryMiB: number;
  gpus: number;
  /** Yields the processor to bigger ones. */
  microservice: boolean;
  /** Chosen by default, or offered when an application is made. */
  offered: boolean;
  /** Of one instance for a day. */
  microEurosPerDay: number;
};

const GPU_DAY = 10_000_000;

const gpu = (name: string, cpus: number, memoryMiB: number, gpus: number): Flavor => ({
  name,
  cpus,
  memoryMiB,
  gpus,
  microservice: false,
  offered: name === 'ML_XS' || name === 'ML_S',
  microEurosPerDay: gpus * GPU_DAY,
});

const cpu = (name: string, cpus: number, memoryMiB: number, eurosPerHour: number): Flavor => ({
  name,
  cpus,
  memoryMiB,
  gpus: 0,
  offered: true,
  microservice: name === 'pico' || name === 'nano',
  microEurosPerDay: Math.round(eurosPerHour * 24 * 1e6),
});

/** The smallest first. A GPU costs 10 € a day; the rest is as the price list has it per hour. */
export const flavors: readonly Flavor[] = [
  cpu('pico', 1, 256, 0.00625),
  cpu('nano', 1, 512, 0.0083333),
  cpu('XS', 1, 1024, 0.0222222),
  cpu('S', 2, 2048, 0.0444444),
  cpu('M', 4, 4096, 0.1055556),
  cpu('L', 6, 8192, 0.2111111),
  cpu('XL', 8, 16_384, 0.4222222),
  cpu('2XL', 12, 24_576, 0.6666667),
  cpu('3XL', 16, 32_768, 0.8888889),
  gpu('ML_XS', 8, 6144, 1),
  gpu('ML_S', 8, 14_336, 1),
  gpu('ML_M', 16, 22_528, 2),
  gpu('ML_L', 16, 26_624, 2),
  gpu('ML_XL', 24, 36_864, 3),
  gpu('ML_2XL', 24, 40_960, 3),
  gpu('ML_3XL', 32, 53_248, 4),
];

/** Also by its other name. */
export const findFlavor = (name: string): Flavor | undefined =>
  flavors.find((flavor) => flavor.name === (name === 'ML_XXL' ? 'ML_2XL' : name));

/** Builds get S where the user chose nothing, or the biggest below it that the machine can hold. */
export const defaultBuildFlavor = ({ memoryMiB }: { memoryMiB: number }): string =>
  ['S', 'XS', 'nano'].find((name) => (findFlavor(name)?.memoryMiB ?? 0) <= memoryMiB) ?? 'pico';
