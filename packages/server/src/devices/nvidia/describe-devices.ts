import type { Device, DeviceTrouble } from '../device.ts';
import type { DriverEntry } from './device-facts.ts';
import type { GpuRow, ListedSlice, Listing } from './parse-devices.ts';
import type { GpuDetails, SliceDetails, SlicePlace } from './parse-details.ts';
import { explainXids, isCritical } from './xid.ts';
import type { Xid } from './xid.ts';

/** All that was seen of the machine's GPUs in one look. */
export type Seen = {
  rows: readonly GpuRow[];
  listing: Listing;
  details: readonly GpuDetails[];
  /** By address on the bus, as the two below. */
  entries: ReadonlyMap<string, DriverEntry>;
  numa: ReadonlyMap<string, number | undefined>;
  /** The files of slices by UUID, without their GPU's. */
  sliceFiles: ReadonlyMap<string, readonly string[]>;
  xids: readonly Xid[];
  /** What was reported of a device until then counts no more. */
  acknowledged: ReadonlyMap<string, number>;
};

/**
 * What can be leased: GPUs, and in place of those that are cut the slices. One that the driver does not name is
 * none; who knew it sees that it is lost.
 */
export const describeDevices = (seen: Seen): Device[] =>
  seen.rows.flatMap((row) => {
    const uuid = row.uuid ?? seen.entries.get(row.pciBus ?? '')?.uuid;
    if (uuid === undefined) return [];
    const gpu = { row, uuid, minor: minorOf(seen, row, uuid) };
    if (!row.sliced) return describeGpu(seen, gpu);
    return seen.listing.slices
      .filter(({ parentUuid }) => parentUuid === uuid)
      .map((slice) => describeSlice(seen, gpu, slice));
  });

type Gpu = { row: GpuRow; uuid: string; minor: number | undefined };

/** The kernel's driver knows it; where none of its entries are to be seen, the tool's long answer does. */
export const minorOf = (
  { entries, details }: Pick<Seen, 'entries' | 'details'>,
  { pciBus }: GpuRow,
  uuid: string | undefined,
): number | undefined =>
  entries.size > 0
    ? entries.get(pciBus ?? '')?.minor
    : details.find((one) => one.uuid === uuid)?.minor;

const modelOf = ({ model }: GpuRow): string => model ?? 'NVIDIA GPU';

function describeGpu(seen: Seen, { row, uuid, minor }: Gpu): Device {
  return {
    uuid,
    model: modelOf(row),
    memoryMiB: row.memoryMiB ?? 0,
    index: row.index,
    minor,
    pciBus: row.pciBus,
    numa: seen.numa.get(row.pciBus ?? ''),
    parentUuid: undefined,
    driver: row.driver,
    files: minor === undefined ? [] : [`/dev/nvidia${minor}`],
    trouble: troubleOfGpu(seen, { row, minor }, [uuid]),
  };
}

function describeSlice(seen: Seen, gpu: Gpu, slice: ListedSlice): Device {
  const files = seen.sliceFiles.get(slice.uuid);
  return {
    ...describeGpu(seen, gpu),
    uuid: slice.uuid,
    model: `${modelOf(gpu.row)} MIG ${slice.profile}`,
    memoryMiB: detailsOf(slice, seen.details)?.memoryMiB ?? memoryOfProfile(slice.profile),
    index: slice.number,
    parentUuid: gpu.uuid,
    files:
      gpu.minor === undefined || files === undefined ? [] : [`/dev/nvidia${gpu.minor}`, ...files],
    trouble:
      troubleOfGpu(seen, gpu, [gpu.uuid, slice.uuid]) ??
      (files === undefined ? WITHOUT_FILES : undefined),
  };
}

const detailsOf = (
  { parentUuid, number }: ListedSlice,
  details: readonly GpuDetails[],
): SliceDetails | undefined =>
  details.find(({ uuid }) => uuid === parentUuid)?.slices.find((one) => one.number === number);

/** Which instances of its GPU a slice is; drivers before 470 say it in its name. */
export function placeOf(
  slice: ListedSlice,
  details: readonly GpuDetails[],
): SlicePlace | undefined {
  const named = /\/(\d+)\/(\d+)$/.exec(slice.uuid);
  if (named !== null) return { gpuInstance: Number(named[1]), computeInstance: Number(named[2]) };
  return detailsOf(slice, details)?.place;
}

/** `1g.10gb` and its variants (`1c.2g.20gb`, `1g.10gb+me`). */
const memoryOfProfile = (profile: string): number =>
  Number(/\.(\d+)gb/.exec(profile)?.[1] ?? 0) * 1024;

/** What the driver reported comes first: the rest follows from it. */
const troubleOfGpu = (
  seen: Seen,
  gpu: Omit<Gpu, 'uuid'>,
  names: readonly string[],
): DeviceTrouble | undefined =>
  reported(seen, gpu.row, names) ?? refused(gpu.row) ?? unseen(seen, gpu) ?? miscounted(gpu.row);

function reported(
  { xids, acknowledged }: Seen,
  { pciBus }: GpuRow,
  names: readonly string[],
): DeviceTrouble | undefined {
  const until = Math.max(...names.map((name) => acknowledged.get(name) ?? 0));
  const slot = pciBus?.replace(/\.\d$/, '');
  const [first, ...more] = xids
    .filter((xid) => xid.pciSlot === slot && xid.at > until && isCritical(xid))
    .toSorted((one, other) => one.at - other.at);
  if (first === undefined) return undefined;
  return { reason: 'xid', detail: explainXids([first, ...more]) };
}

function refused({ failure }: GpuRow): DeviceTrouble | undefined {
  if (failure === undefined) return undefined;
  const reason = /\blost\b|fallen off/i.test(failure) ? 'device_lost' : 'device_error';
  return { reason, detail: `The driver's tool says of it: "${failure}". ${REVIVE}` };
}

const REVIVE = 'Reset the GPU (nvidia-smi --gpu-reset) or restart the machine.';

function unseen({ entries }: Seen, { row, minor }: Omit<Gpu, 'uuid'>): DeviceTrouble | undefined {
  if (entries.size > 0 && !entries.has(row.pciBus ?? ''))
    return {
      reason: 'device_error',
      detail: `The kernel's driver has no entry for it (/proc/driver/nvidia/gpus/${row.pciBus ?? '…'}), but has for others. ${REVIVE}`,
    };
  if (minor === undefined) return { reason: 'device_error', detail: WITHOUT_MINOR };
  return undefined;
}

const WITHOUT_MINOR =
  'Nobody says which of /dev/nvidia0, 1, … it is, so it cannot be given to one application alone.';

const WITHOUT_FILES: DeviceTrouble = {
  reason: 'device_error',
  detail:
    'Nobody says which files of /dev/nvidia-caps are its own, so it cannot be given to one application alone. Load the driver with nv_cap_enable_devfs=1, and see that nvidia-smi -q answers.',
};

function miscounted({ uncorrectedErrors: count }: GpuRow): DeviceTrouble | undefined {
  if (count === 0) return undefined;
  const errors = count === 1 ? 'an error' : `${count} errors`;
  return {
    reason: 'device_error',
    detail: `Its memory had ${errors} that could not be corrected since the driver was loaded. ${REVIVE}`,
  };
}
