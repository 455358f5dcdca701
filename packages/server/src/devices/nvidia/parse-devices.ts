import type { DeviceMeasure } from '../device.ts';

/** What `--query-gpu` is asked for; `parseGpus` reads them in this order. */
export const GPU_COLUMNS =
  'index,uuid,name,memory.total,pci.bus_id,driver_version,mig.mode.current,ecc.errors.uncorrected.volatile.total';

export const MEASURE_COLUMNS = 'uuid,utilization.gpu,memory.used,power.draw,temperature.gpu';

/** What the driver's tool says of a GPU; undefined is what it does not say. */
export type GpuRow = {
  index: number;
  uuid: string | undefined;
  model: string | undefined;
  memoryMiB: number | undefined;
  /** As Linux writes it: `0000:1b:00.0`. */
  pciBus: string | undefined;
  driver: string | undefined;
  sliced: boolean;
  /** Since the driver was loaded or the GPU reset. */
  uncorrectedErrors: number;
  /** What the tool says in place of an answer, where the GPU gives none. */
  failure: string | undefined;
};

/** A slice as `-L` lists it, below its GPU. */
export type ListedSlice = {
  uuid: string;
  parentUuid: string;
  /** `1g.10gb` */
  profile: string;
  /** Among the slices of its GPU. */
  number: number;
};

export type Listing = { gpus: readonly string[]; slices: readonly ListedSlice[] };

/** A process on a GPU; undefined is what the tool cannot say. */
export type Holder = { uuid: string | undefined; pid: number | undefined };

/** The tool's answer is none that anybody knows. */
export class NotUnderstood extends Error {
  override readonly name = 'NotUnderstood';

  constructor(line: string) {
    super(`nvidia-smi answered what nobody understands: "${line.slice(0, 200)}"`);
  }
}

/**
 * Reads the CSV of `GPU_COLUMNS`. A GPU that does not answer is a row with a failure; an answer that is no list
 * of GPUs throws `NotUnderstood`.
 */
export function parseGpus(text: string): GpuRow[] {
  const rows = linesOf(text).flatMap((line): GpuRow[] => {
    if (isNotice(line)) return [];
    const unreachable = UNREACHABLE.exec(line);
    return [unreachable === null ? readGpu(line) : noAnswer(unreachable)];
  });
  const [first] = rows;
  if (first === undefined) throw new NotUnderstood(text.trim());
  return rows;
}

const UNREACHABLE =
  /^Unable to determine the device handle for (?:gpu)?\s*(?:(\d+): )?(?:([\da-f]{4,8}:[\da-f]{2}:[\da-f]{2}\.\d): )?(.+)$/i;

/** The lines that say which GPUs the tool does not reach; it prints them on either stream. */
export const unreachableIn = (text: string): string[] =>
  linesOf(text).filter((line) => UNREACHABLE.test(line));

function noAnswer([, index, pciBus, failure = '']: RegExpExecArray): GpuRow {
  return {
    index: Number(index ?? 0),
    uuid: undefined,
    model: undefined,
    memoryMiB: undefined,
    pciBus: pciBus === undefined ? undefined : toPciAddress(pciBus),
    driver: undefined,
    sliced: false,
    uncorrectedErrors: 0,
    failure: failure.trim(),
  };
}

function readGpu(line: string): GpuRow {
  const cells = line.split(/\s*,\s*/);
  const [index = '', uuid = '', name = '', memory, bus, driver, mig, errors = ''] = cells;
  if (!/^\d+$/.test(index) || !(isUuid(uuid) || isFailure(uuid))) throw new NotUnderstood(line);
  const wrongCount = cells.length === GPU_COLUMNS.split(',').length ? undefined : line;
  const needed = [uuid, name, memory ?? '', bus ?? ''];
  return {
    index: Number(index),
    uuid: isUuid(uuid) ? uuid : undefined,
    model: textOf(name),
    memoryMiB: numberOf(memory),
    pciBus: PCI.test(bus ?? '') ? toPciAddress(bus ?? '') : undefined,
    driver: textOf(driver),
    sliced: mig === 'Enabled',
    uncorrectedErrors: numberOf(errors) ?? 0,
    failure: wrongCount ?? needed.find(isFailure) ?? [mig ?? '', errors].find(isFailure),
  };
}

/** Reads `-L`. A line that names neither a GPU nor a slice is a notice, and left out. */
export function parseListing(text: string): Listing {
  const gpus: string[] = [];
  const slices: ListedSlice[] = [];
  for (const line of linesOf(text)) {
    const gpu = /^GPU \d+: .*\(UUID: (GPU-[^)]+)\)$/.exec(line)?.[1];
    if (gpu !== undefined) gpus.push(gpu);
    const slice = /^MIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-[^)]+)\)$/.exec(line);
    const parentUuid = gpus.at(-1);
    if (slice === null || parentUuid === undefined) continue;
    const [, profile = '', number, uuid = ''] = slice;
    slices.push({ uuid, parentUuid, profile, number: Number(number) });
  }
  return { gpus, slices };
}

/** Reads the CSV of `--query-compute-apps=gpu_uuid,pid`, which is empty where nothing runs. */
export function parseHolders(text: string): Holder[] {
  return linesOf(text)
    .filter((line) => !isNotice(line) && !UNREACHABLE.test(line))
    .filter((line) => !/^No running (compute )?processes found$/i.test(line))
    .map((line) => {
      const [uuid = '', pid = '', ...more] = line.split(/\s*,\s*/);
      if (more.length > 0 || !(isUuid(uuid) || isWord(uuid))) throw new NotUnderstood(line);
      if (numberOf(pid) === undefined && !isWord(pid)) throw new NotUnderstood(line);
      return { uuid: isUuid(uuid) ? uuid : undefined, pid: numberOf(pid) };
    });
}

/** Reads the CSV of `MEASURE_COLUMNS`; what names no GPU is left out. */
export function parseMeasures(text: string): DeviceMeasure[] {
  return linesOf(text).flatMap((line) => {
    const [uuid = '', utilization, memory, power, temperature] = line.split(/\s*,\s*/);
    if (!isUuid(uuid)) return [];
    const percent = numberOf(utilization);
    return {
      uuid,
      utilization: percent === undefined ? undefined : Math.min(1, percent / 100),
      memoryUsedMiB: numberOf(memory),
      powerWatts: numberOf(power),
      temperatureCelsius: numberOf(temperature),
    };
  });
}

const PCI = /^[\da-f]{4,8}:[\da-f]{2}:[\da-f]{2}\.\d$/i;

/** The tool writes `00000000:1B:00.0`, Linux `0000:1b:00.0`. */
export const toPciAddress = (bus: string): string =>
  bus.toLowerCase().replace(/^[\da-f]*([\da-f]{4}):/, '$1:');

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** What the tool says beside its answer: of a damaged inforom, say. */
const isNotice = (line: string): boolean => /^warning:/i.test(line);

const isUuid = (cell: string): boolean => /^(GPU|MIG)-[\w/-]+$/.test(cell);

/** A cell that has no value: the driver does not offer it, or the GPU does not answer. */
const isWord = (cell: string): boolean =>
  /^(\[.*\]|N\/A|ERR!|.*\berror\b.*|.*\blost\b.*)$/i.test(cell);

const NOT_OFFERED =
  /^\[?(N\/A|Not Supported|Not Found|Insufficient Permissions|.*deprecated.*)\]?$/i;

const isFailure = (cell: string): boolean => isWord(cell) && !NOT_OFFERED.test(cell);

const textOf = (cell: string | undefined): string | undefined =>
  cell === undefined || cell === '' || isWord(cell) ? undefined : cell;

/** With its unit or without. */
function numberOf(cell: string | undefined): number | undefined {
  const digits = /^(\d+(?:\.\d+)?)(?: ?(?:%|MiB|W|C))?$/.exec(cell ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}
