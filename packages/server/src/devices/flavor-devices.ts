/**
 * Which devices a size means, as the operator maps them: `ML_XS=L4`. The flavor may be `*`, for all that
 * no other line names.
 */
export type FlavorDevices = readonly { flavor: string; model: string }[];

/** What whoever asks for any whole GPU asks for, and what devices are called that nobody asks for by a name. */
const ANY = 'gpu';

/**
 * Devices of a class are as good as each other for whoever asks for one. What is asked for by a name, by a size or by a
 * line of the operator's mapping, may mean several.
 */
export type DeviceClasses = {
  /** Undefined where nothing asks for it: a slice that nobody names, or a model that no line of a mapping does. */
  of(device: Named): string | undefined;
  /** The classes that are meant by a name. */
  meantBy(name: string): readonly string[];
};

type Named = { model: string; parentUuid: string | null };

/** Sorts devices by what is asked for: the models that a mapping names, and those that sizes do. */
export function openClasses(
  mapping: FlavorDevices,
  names: readonly string[],
  devices: readonly Named[],
): DeviceClasses {
  const isAnyMeant = mapping.length === 0 || names.includes(ANY);
  const asked = [...new Set([...mapping.map(({ model }) => model), ...names])]
    .filter((name) => name !== ANY)
    .toSorted();
  const known = new Map<string, string | undefined>();
  const find = (device: Named): string | undefined => {
    const named = asked.filter((name) => means(name, device, mapping));
    if (named.length > 0) return named.join(' + ');
    return isAnyMeant && device.parentUuid === null ? ANY : undefined;
  };
  const of = (device: Named): string | undefined => {
    const key = `${device.parentUuid === null}/${device.model}`;
    if (!known.has(key)) known.set(key, find(device));
    return known.get(key);
  };
  const meant = new Map<string, readonly string[]>();
  const findMeant = (name: string): readonly string[] => {
    const fitting = devices.filter((device) => means(name, device, mapping));
    const classes = [...new Set(fitting.flatMap((device) => of(device) ?? []))];
    return classes.length === 0 ? [name] : classes.toSorted(byBeingUnnamed);
  };
  return {
    of,
    meantBy(name) {
      const found = meant.get(name) ?? findMeant(name);
      meant.set(name, found);
      return found;
    },
  };
}

/** What nobody asks for by its name goes first to whoever takes any. */
const byBeingUnnamed = (a: string, b: string): number => Number(b === ANY) - Number(a === ANY);

/**
 * Whether the device is meant. A mapping's lines are looked at in their order, and the first counts; a size names slices
 * by a name with MIG in it, and whole GPUs by any other.
 */
function means(name: string, device: Named, mapping: FlavorDevices): boolean {
  const isWhole = device.parentUuid === null;
  if (name === ANY) return isWhole;
  const isIn = (model: string): boolean => device.model.toLowerCase().includes(model.toLowerCase());
  if (mapping.some(({ model }) => model === name))
    return mapping.find(({ model }) => isIn(model))?.model === name;
  return hasWords(device.model, name) && isWhole !== /\bmig\b/i.test(name);
}

/** `L4` is a word of `NVIDIA L4`, and none of `NVIDIA L40S`. */
export const hasWords = (model: string, name: string): boolean =>
  ` ${wordsOf(model)} `.includes(` ${wordsOf(name)} `);

/** What two models have in common that are one. */
export const wordsOf = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, ' ')
    .trim();

/** What a size with GPUs that names no model means, or undefined where the operator mapped none to it. */
export function classFor(flavor: string, mapping: FlavorDevices): string | undefined {
  if (mapping.length === 0) return ANY;
  const line =
    mapping.find((one) => one.flavor === flavor) ?? mapping.find((one) => one.flavor === '*');
  return line?.model;
}

/** Lines of a mapping that no device of this machine fits, as a warning for its operator. */
export const describeUnmatched = (
  mapping: FlavorDevices,
  devices: readonly { model: string; parentUuid: string | null }[],
): string[] => {
  const classes = openClasses(mapping, [], devices);
  return mapping
    .filter(({ model }) => !devices.some((device) => classes.of(device) === model))
    .map(
      ({ flavor, model }) =>
        `GRID_FLAVOR_DEVICES maps ${flavor} to ${JSON.stringify(model)}, and no device here is one: ${
          devices.length === 0
            ? 'there are none at all'
            : `there are ${[...new Set(devices.map((one) => one.model))].join(', ')}`
        }. "grid devices" shows what there is.`,
    );
};
