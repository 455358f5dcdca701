import { perDay, priceOfGpus } from '../billing/price.ts';
import { parseName } from '../lib/name.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Row } from '../store/schema.ts';

/** A size of instance. */
export type Flavor = Row<'flavors'>;

/** What it is called by others, who may ask for it so; it is recorded by its own name alone. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([['ML_XXL', 'ML_2XL']]);

export const canonicalName = (name: string): string => OTHER_NAMES.get(name) ?? name;

/** As file names and URLs have them without quoting; short enough for a table. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;

export const isFlavorName = (name: string): boolean => NAME.test(name);

/** What an operator says of a size. */
export type FlavorOrder = {
  name: string;
  cpus: number;
  memoryMiB: number;
  diskMiB?: number | undefined;
  gpus?: number | undefined;
  deviceModel?: string | null | undefined;
  /** Euros an hour. */
  price?: number | undefined;
};

/** What is not said stays as it was. */
export type PartialOrder = { [K in keyof FlavorOrder]?: FlavorOrder[K] | undefined } & {
  name: string;
};

const measures = [
  'cpus',
  'memoryMiB',
  'diskMiB',
  'gpus',
  'deviceModel',
  'microEurosPerDay',
] as const satisfies readonly (keyof Flavor)[];

type Measures = Pick<Flavor, (typeof measures)[number]>;

export type FlavorChange = Partial<Measures>;

/** What is other than before, as it is from now on. */
export const changesOf = (before: Measures, now: Measures): FlavorChange =>
  Object.fromEntries(
    measures.filter((name) => before[name] !== now[name]).map((name) => [name, now[name]]),
  );

const DISK_MIB = 10 * 1024;

/** The size out of what is said of it, and of what it was before. Refuses what makes no size. */
export function parseFlavor(order: PartialOrder, former?: Flavor): Measures & { name: string } {
  const { name, cpus = former?.cpus, memoryMiB = former?.memoryMiB } = order;
  if (!isFlavorName(name) || canonicalName(name) !== name)
    throw invalid(
      'name',
      'must have 1 to 32 letters, digits, ".", "_" or "-", and begin with one of the first two',
    );
  if (cpus === undefined || memoryMiB === undefined)
    throw invalid(cpus === undefined ? 'cpus' : 'memoryMiB', 'must be said of a new size');
  const gpus = order.gpus ?? former?.gpus ?? 0;
  const deviceModel = parseModel(order.deviceModel, { gpus, former });
  const diskMiB = order.diskMiB ?? former?.diskMiB ?? DISK_MIB;
  const microEurosPerDay = parsePrice(order.price, { gpus, former });
  return { name, cpus, memoryMiB, diskMiB, gpus, deviceModel, microEurosPerDay };
}

type Known = { gpus: number; former: Flavor | undefined };

/** Without GPUs there is no model: it goes with them where nothing else is said. */
function parseModel(model: string | null | undefined, { gpus, former }: Known): string | null {
  if (model === null || model === '') return null;
  if (model === undefined) return gpus === 0 ? null : (former?.deviceModel ?? null);
  if (gpus === 0) throw invalid('deviceModel', 'must go with a number of GPUs');
  return parseName('deviceModel', model);
}

/** GPUs are what is paid for: with another number of them the former price is none. */
function parsePrice(price: number | undefined, { gpus, former }: Known): number {
  if (price !== undefined) return perDay(price);
  if (former?.gpus === gpus) return former.microEurosPerDay;
  if (gpus === 0) throw invalid('price', 'must be said of a size without GPUs, in euros an hour');
  return priceOfGpus(gpus);
}

const invalid = (field: string, rule: string): Refusal =>
  new Refusal('invalid', `The ${field} of a flavor ${rule}.`, { [field]: rule });

type Sized = Pick<Flavor, 'cpus' | 'memoryMiB' | 'gpus'>;

/** Negative where the first is the smaller one. */
export const compareSizes = (a: Sized, b: Sized): number =>
  a.gpus - b.gpus || a.memoryMiB - b.memoryMiB || a.cpus - b.cpus;

/** Whether it yields the processor to bigger ones. */
export const isMicroservice = ({ gpus, memoryMiB }: Sized): boolean =>
  gpus === 0 && memoryMiB < 1024;

/** Of those with GPUs that every platform has, only the smallest are offered where an application is made. */
export const isOffered = ({ gpus, origin }: Pick<Flavor, 'gpus' | 'origin'>): boolean =>
  gpus <= 1 || origin !== 'catalogue';

/** Lines of a mapping that name no size with GPUs, as a warning for the operator. */
export const describeUnknown = (
  mapping: readonly { flavor: string }[],
  flavors: readonly Flavor[],
): string[] =>
  mapping
    .map(({ flavor }) => flavor)
    .filter((name) => name !== '*' && !flavors.some((one) => one.name === name && one.gpus > 0))
    .map((name) => `GRID_FLAVOR_DEVICES maps ${name}, and no size with GPUs is called so.`);

/** Without GPUs: the smallest that fits of those with so much memory; where none does, the largest below that fits. */
function choosePlain(
  flavors: readonly Flavor[],
  leastMiB: number,
  fits: (flavor: Flavor) => boolean,
): Flavor {
  const plain = flavors.filter(({ gpus }) => gpus === 0).toSorted(compareSizes);
  const [smallest] = plain;
  // operators cannot delete the last
  if (smallest === undefined) throw new Error('there are no sizes without GPUs');
  const enough = plain.filter(({ memoryMiB }) => memoryMiB >= leastMiB);
  return enough.find(fits) ?? plain.findLast(fits) ?? enough[0] ?? smallest;
}

/** As XS has it. */
const USUAL_MIB = 1024;
/** As S has it: compilers and package managers get along with it. */
const BUILD_MIB = 2048;

/** What an application gets that names no size: one GPU where there is one to have. */
export function chooseDefaultFlavor(
  flavors: readonly Flavor[],
  fits: (flavor: Flavor) => boolean,
): Flavor {
  const oneGpu = flavors.filter(({ gpus }) => gpus === 1).toReversed();
  const usual = ['ML_S', 'ML_XS'].flatMap((name) => oneGpu.filter((one) => one.name === name));
  return [...usual, ...oneGpu].find(fits) ?? choosePlain(flavors, USUAL_MIB, fits);
}

/** What builds get where the user chose nothing, on a machine that holds so much. */
export const chooseBuildFlavor = (
  flavors: readonly Flavor[],
  { memoryMiB }: { memoryMiB: number },
): Flavor => choosePlain(flavors, BUILD_MIB, (one) => one.memoryMiB <= memoryMiB);
