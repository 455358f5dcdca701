import type { FlavorDevices } from './flavor-devices.ts';

/** What whoever asks for any whole GPU asks for, and what devices are called that nobody asks for by a name. */
export const ANY = 'gpu';

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
  return {
    of,
    meantBy(name) {
      const meant = devices.filter((device) => means(name, device, mapping));
      const classes = [...new Set(meant.flatMap((device) => of(device) ?? []))];
      return classes.length === 0 ? [name] : classes.toSorted(byBeingUnnamed);
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
  return isIn(name) && isWhole !== /\bmig\b/i.test(name);
}
