import { Unavailable } from '../../lib/unavailable.ts';
import { placeOf } from './describe-devices.ts';
import type { NvidiaSmi } from './nvidia-smi.ts';
import { parseDetails } from './parse-details.ts';
import type { GpuDetails } from './parse-details.ts';
import { parseHolders, parseListing, unreachableIn } from './parse-devices.ts';
import type { Holder, ListedSlice } from './parse-devices.ts';
import { CSV, failed, isWell } from './understand-answer.ts';

type Held = ReadonlyMap<string, readonly number[]>;

/**
 * The processes on each of these devices. Rejects where one of them is not there any more, or where the tool does
 * not name a process: who holds it is unknown then, not nobody.
 */
export async function findHolders(
  ask: NvidiaSmi,
  uuids: readonly string[],
  signal: AbortSignal,
): Promise<Held> {
  if (uuids.length === 0) return new Map();
  const { gpus, slices } = parseListing((await ask(['-L'], signal)).output);
  const wanted = slices.filter(({ uuid }) => uuids.includes(uuid));
  const known = new Set([...gpus, ...wanted.map(({ uuid }) => uuid)]);
  const gone = uuids.find((uuid) => !known.has(uuid));
  if (gone !== undefined) throw untold(gone, 'nvidia-smi does not list it');
  const whole = uuids.filter((uuid) => gpus.includes(uuid));
  const onGpus = whole.length > 0 ? onEach(whole, await readApps(ask, whole, signal)) : [];
  const details = wanted.length > 0 ? parseDetails((await ask(['-q', '-x'], signal)).output) : [];
  return new Map([...onGpus, ...wanted.map((slice) => onSlice(slice, details))]);
}

const untold = (uuid: string, why: string): Unavailable =>
  new Unavailable(`nobody can tell who holds ${uuid}: ${why}`);

const APPS = ['--query-compute-apps=gpu_uuid,pid', CSV];

async function readApps(
  ask: NvidiaSmi,
  uuids: readonly string[],
  signal: AbortSignal,
): Promise<Holder[]> {
  const answer = await ask(APPS, signal);
  if (isWell(answer)) return understand(answer.output);
  if (unreachableIn(`${answer.output}\n${answer.complaint}`).length === 0) throw failed(answer);
  // one that does not answer keeps older tools from speaking of the others
  const each = uuids.map(async (uuid) => {
    const one = await ask([`--id=${uuid}`, ...APPS], signal);
    if (!isWell(one)) throw failed(one);
    return understand(one.output);
  });
  return (await Promise.all(each)).flat();
}

function understand(output: string): Holder[] {
  try {
    return parseHolders(output);
  } catch (error) {
    throw new Unavailable(error instanceof Error ? error.message : String(error));
  }
}

function onEach(uuids: readonly string[], holders: readonly Holder[]): [string, number[]][] {
  return uuids.map((uuid) => {
    const on = holders.filter((one) => one.uuid === uuid || one.uuid === undefined);
    if (on.some((one) => one.uuid === undefined)) throw untold(uuid, 'a process is on no GPU');
    return [uuid, pidsOf(uuid, on)];
  });
}

/** A process whose place its GPU does not tell may be on any of its slices. */
function onSlice(slice: ListedSlice, details: readonly GpuDetails[]): [string, number[]] {
  const gpu = details.find(({ uuid }) => uuid === slice.parentUuid);
  if (gpu === undefined) throw untold(slice.uuid, 'nvidia-smi -q says nothing of its GPU');
  const place = placeOf(slice, details);
  const on = gpu.processes.filter(
    (one) =>
      one.place === undefined ||
      place === undefined ||
      (one.place.gpuInstance === place.gpuInstance &&
        one.place.computeInstance === place.computeInstance),
  );
  return [slice.uuid, pidsOf(slice.uuid, on)];
}

function pidsOf(uuid: string, holders: readonly Pick<Holder, 'pid'>[]): number[] {
  const pids = holders.flatMap(({ pid }) => pid ?? []);
  if (pids.length < holders.length) throw untold(uuid, 'nvidia-smi does not name a process on it');
  return [...new Set(pids)];
}
