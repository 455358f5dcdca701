import type { Clock } from '../../lib/clock.ts';
import { Unavailable } from '../../lib/unavailable.ts';
import type { Device, DeviceMeasure, DeviceSource } from '../device.ts';
import { describeDevices, minorOf, placeOf } from './describe-devices.ts';
import {
  hasNvidiaCard,
  readDriverEntries,
  readNuma,
  readSliceFiles,
  readUptime,
} from './device-facts.ts';
import type { DriverEntry, Roots } from './device-facts.ts';
import { findHolders } from './find-holders.ts';
import type { Answer, NvidiaSmi } from './nvidia-smi.ts';
import { parseDetails } from './parse-details.ts';
import type { GpuDetails } from './parse-details.ts';
import {
  GPU_COLUMNS,
  MEASURE_COLUMNS,
  parseGpus,
  parseListing,
  parseMeasures,
  unreachableIn,
} from './parse-devices.ts';
import type { GpuRow, Listing } from './parse-devices.ts';
import type { KernelLog } from './read-kernel-log.ts';
import { CSV, failed, isWell, saysNoDevices, saysNoDriver } from './understand-answer.ts';
import { isCritical, parseXids } from './xid.ts';
import type { Xid } from './xid.ts';

export type NvidiaOptions = {
  ask: NvidiaSmi;
  /** Whether the driver's tool is there now. */
  isInstalled: () => boolean;
  roots: Roots;
  /** Undefined where it may not be read: then nothing is known of what is reported there. */
  kernelLog: KernelLog | undefined;
  clock: Clock;
  /** By UUID, when somebody said that a device is well again: what was reported before counts no more. */
  acknowledged: () => Promise<ReadonlyMap<string, number>>;
};

type Site = NvidiaOptions & {
  /** The latest of each kind on each GPU since the machine was started. */
  xids: Map<string, Xid>;
  /** Whether there were slices when somebody looked last. */
  sliced: boolean;
};

/** The GPUs of this machine, as NVIDIA's driver and its tool know them. */
export function createNvidiaDevices(options: NvidiaOptions): DeviceSource {
  const site: Site = { ...options, xids: new Map(), sliced: false };
  return {
    list: async (signal) => (site.isInstalled() ? list(site, signal) : []),
    holders: (uuids, signal) => findHolders(site.ask, uuids, signal),
    measure: async (signal) => (site.isInstalled() ? measure(site, signal) : []),
  };
}

async function list(site: Site, signal: AbortSignal): Promise<readonly Device[]> {
  const { roots } = site;
  const entries = await readDriverEntries(roots);
  const rows = await readRows(site, entries, signal);
  site.sliced = rows.some(({ sliced }) => sliced);
  const listing = site.sliced ? await readListing(site, signal) : { gpus: [], slices: [] };
  const asksMore = site.sliced || (rows.length > 0 && entries.size === 0);
  const details = asksMore ? await readDetails(site, signal) : [];
  return describeDevices({
    rows,
    listing,
    details,
    entries,
    numa: await readNumaNodes(roots, rows),
    sliceFiles: await readAllSliceFiles(roots, { rows, listing, details, entries }),
    xids: await readXids(site),
    acknowledged: await site.acknowledged(),
  });
}

/** Rows for all GPUs, those that do not answer too. Rejects where nobody can tell. */
async function readRows(
  site: Site,
  entries: ReadonlyMap<string, DriverEntry>,
  signal: AbortSignal,
): Promise<readonly GpuRow[]> {
  const answer = await site.ask(QUERY, signal);
  if (saysNoDevices(answer)) return [];
  if (saysNoDriver(answer)) {
    if (!(await hasNvidiaCard(site.roots))) return [];
    throw failed(answer);
  }
  const rows = readAnswer(answer);
  const none = rows.every(({ failure, uuid }) => failure !== undefined && uuid === undefined);
  return none && rows.length < entries.size
    ? readOneByOne(site, [...entries.keys()], signal)
    : rows;
}

const QUERY = [`--query-gpu=${GPU_COLUMNS}`, CSV];

function readAnswer(answer: Answer): readonly GpuRow[] {
  try {
    const rows = parseGpus([answer.output, ...unreachableIn(answer.complaint)].join('\n'));
    if (isWell(answer) || rows.some(({ failure }) => failure !== undefined)) return rows;
  } catch (error) {
    if (isWell(answer) && error instanceof Error) throw new Unavailable(error.message);
  }
  throw failed(answer);
}

/** Older tools say nothing of the others where one GPU does not answer. */
async function readOneByOne(
  site: Site,
  buses: readonly string[],
  signal: AbortSignal,
): Promise<GpuRow[]> {
  const found = buses.map(async (pciBus) => {
    const answer = await site.ask([`--id=${pciBus}`, ...QUERY], signal);
    return readAnswer(answer).map((row) => ({ ...row, pciBus }));
  });
  return (await Promise.all(found)).flat();
}

async function readListing({ ask }: Site, signal: AbortSignal): Promise<Listing> {
  const answer = await ask(['-L'], signal);
  if (isWell(answer) || unreachableIn(answer.output).length > 0) return parseListing(answer.output);
  throw failed(answer);
}

const readDetails = async ({ ask }: Site, signal: AbortSignal): Promise<GpuDetails[]> =>
  parseDetails((await ask(['-q', '-x'], signal)).output);

async function readNumaNodes(roots: Roots, rows: readonly GpuRow[]) {
  const buses = rows.flatMap(({ pciBus }) => pciBus ?? []);
  const nodes = buses.map(async (bus) => [bus, await readNuma(roots, bus)] as const);
  return new Map(await Promise.all(nodes));
}

async function readAllSliceFiles(
  roots: Roots,
  seen: {
    rows: readonly GpuRow[];
    listing: Listing;
    details: readonly GpuDetails[];
    entries: ReadonlyMap<string, DriverEntry>;
  },
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = seen.listing.slices.map(async (slice) => {
    const row = seen.rows.find(({ uuid }) => uuid === slice.parentUuid);
    const minor = row && minorOf(seen, row, slice.parentUuid);
    const place = placeOf(slice, seen.details);
    if (minor === undefined || place === undefined) return [];
    const files = await readSliceFiles(roots, minor, place);
    return files === undefined ? [] : [[slice.uuid, files] as const];
  });
  return new Map((await Promise.all(found)).flat());
}

async function readXids({ kernelLog, roots, clock, xids }: Site): Promise<Xid[]> {
  const uptime = await readUptime(roots);
  const bootedAt = clock() - (Number.isFinite(uptime) ? uptime : 0);
  for (const xid of parseXids(kernelLog?.read() ?? [], bootedAt))
    if (isCritical(xid)) xids.set(`${xid.pciSlot} ${xid.number}`, xid);
  return [...xids.values()];
}

async function measure(site: Site, signal: AbortSignal): Promise<readonly DeviceMeasure[]> {
  const answer = await site.ask([`--query-gpu=${MEASURE_COLUMNS}`, CSV], signal);
  if (saysNoDevices(answer)) return [];
  const gpus = parseMeasures(answer.output);
  if (gpus.length === 0) throw failed(answer);
  return site.sliced ? [...gpus, ...(await measureSlices(site, signal))] : gpus;
}

/** Of a slice, the driver says only what memory it uses. */
async function measureSlices(site: Site, signal: AbortSignal): Promise<DeviceMeasure[]> {
  const [listing, details] = [await readListing(site, signal), await readDetails(site, signal)];
  return listing.slices.map(({ uuid, parentUuid, number }) => {
    const gpu = details.find((one) => one.uuid === parentUuid);
    const slice = gpu?.slices.find((one) => one.number === number);
    return {
      uuid,
      utilization: undefined,
      memoryUsedMiB: slice?.memoryUsedMiB,
      powerWatts: undefined,
      temperatureCelsius: undefined,
    };
  });
}
