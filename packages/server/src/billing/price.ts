import type { Flavor } from '../scheduling/flavor.ts';

const GPU_DAY = 10_000_000;

/** Of sizes without GPUs, in euros an hour, as the price list has it. */
const eurosPerHour: Readonly<Record<string, number>> = {
  pico: 0.00625,
  nano: 0.0083333,
  XS: 0.0222222,
  S: 0.0444444,
  M: 0.1055556,
  L: 0.2111111,
  XL: 0.4222222,
  '2XL': 0.6666667,
  '3XL': 0.8888889,
};

/** What one instance of a size costs a day, in micro-euros: a GPU is 10 €, whatever comes with it. */
export const microEurosPerDay = ({ name, gpus }: Pick<Flavor, 'name' | 'gpus'>): number =>
  gpus > 0 ? gpus * GPU_DAY : Math.round((eurosPerHour[name] ?? 0) * 24 * 1e6);
