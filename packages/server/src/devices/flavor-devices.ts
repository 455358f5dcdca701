/**
 * Which devices a size means, as the operator maps them: `ML_XS=L4`. The flavor may be `*`, for all that
 * no other line names.
 */
export type FlavorDevices = readonly { flavor: string; model: string }[];

/** What devices are called that no mapping tells apart. */
const ANY = 'gpu';

/**
 * The class of a device: devices of a class are as good as each other for whoever asks for one. Undefined
 * where nothing asks for it: a slice without a mapping, or a model that no line of a mapping names.
 */
export function classOf(
  { model, parentUuid }: { model: string; parentUuid: string | null },
  mapping: FlavorDevices,
): string | undefined {
  if (mapping.length === 0) return parentUuid === null ? ANY : undefined;
  return mapping.find((line) => model.toLowerCase().includes(line.model.toLowerCase()))?.model;
}

/** The class of devices that a size with GPUs means, or undefined where the operator mapped none to it. */
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
): string[] =>
  mapping
    .filter(({ model }) => !devices.some((device) => classOf(device, mapping) === model))
    .map(
      ({ flavor, model }) =>
        `GRID_FLAVOR_DEVICES maps ${flavor} to ${JSON.stringify(model)}, and no device here is one: ${
          devices.length === 0
            ? 'there are none at all'
            : `there are ${[...new Set(devices.map((one) => one.model))].join(', ')}`
        }. "grid devices" shows what there is.`,
    );
