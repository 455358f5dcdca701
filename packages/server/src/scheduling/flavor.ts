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
};

const gpu = (name: string, cpus: number, memoryMiB: number, gpus: number): Flavor => ({
  name,
  cpus,
  memoryMiB,
  gpus,
  microservice: false,
  offered: name === 'ML_XS' || name === 'ML_S',
});

const cpu = (name: string, cpus: number, memoryMiB: number): Flavor => ({
  name,
  cpus,
  memoryMiB,
  gpus: 0,
  offered: true,
  microservice: name === 'pico' || name === 'nano',
});

/** The smallest first; what they cost, `billing/price.ts` says. */
export const flavors: readonly Flavor[] = [
  cpu('pico', 1, 256),
  cpu('nano', 1, 512),
  cpu('XS', 1, 1024),
  cpu('S', 2, 2048),
  cpu('M', 4, 4096),
  cpu('L', 6, 8192),
  cpu('XL', 8, 16_384),
  cpu('2XL', 12, 24_576),
  cpu('3XL', 16, 32_768),
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
