import { estimateFrom } from './estimate.ts';
import { everFits } from './never-fits.ts';
import { partitionOf } from './order.ts';
import type { PastRun } from './past-runs.ts';
import type { Overtaking } from './plan-queue.ts';
import { copyCapacity, countByClass, devicesIn } from './capacity.ts';
import type { HostCapacity } from './capacity.ts';
import { simulate } from './simulate.ts';
import type { Arrival } from './simulate.ts';

/** What would have come of it; times in ms. */
export type Replayed = {
  runs: number;
  /** How many these hosts could not hold if they were empty; they are left out. */
  neverFit: number;
  /** Of all devices, from the first that came to the end of the last, 0 to 1. */
  utilisation: number;
  meanWait: number;
  /** What 95 in 100 do not exceed. */
  p95Wait: number;
  longestWait: number;
};

/**
 * How long these runs would have waited on these hosts, by the code that decides for real. Who named no
 * class of devices gets the first there is; who named no estimate is expected to take a day.
 */
export function replay(
  runs: readonly PastRun[],
  { hosts, overtaking }: { hosts: readonly HostCapacity[]; overtaking: Overtaking },
): Replayed {
  const [anyClass] = hosts.flatMap(({ devices }) => Object.keys(devices));
  const all = runs.map((run, index) => toArrival(run, String(index), anyClass));
  const capacity = copyCapacity(hosts);
  const arrivals = all.filter(({ entry }) => everFits(capacity, entry.demand));
  const begun = arrivals.reduce((first, { at }) => Math.min(first, at), Infinity);
  const started = simulate({ now: begun, free: hosts, allocations: [], arrivals, overtaking });
  const waits: number[] = [];
  let work = 0;
  let end = begun;
  for (const { at, entry, duration = 0 } of arrivals) {
    const { startsAt } = started.get(entry.id) ?? { startsAt: Infinity };
    waits.push(startsAt - at);
    work += entry.demand.nodes * entry.demand.gpus * duration;
    end = Math.max(end, startsAt + duration);
  }
  return {
    runs: arrivals.length,
    neverFit: all.length - arrivals.length,
    utilisation: work === 0 ? 0 : work / countDevices(hosts) / (end - begun),
    ...describe(waits),
  };
}

function toArrival(run: PastRun, id: string, anyClass: string | undefined): Arrival {
  const { at, duration, nodes, gpus, memoryMiB } = run;
  const deviceClass = gpus === 0 ? undefined : (run.deviceClass ?? anyClass);
  const partition = partitionOf({ queueClass: 'run', deviceClass: deviceClass ?? null });
  const estimate = run.estimate ?? estimateFrom([]).duration;
  return {
    at,
    duration,
    entry: { id, partition, estimate, demand: { nodes, memoryMiB, gpus, deviceClass } },
  };
}

function describe(
  waits: readonly number[],
): Pick<Replayed, 'meanWait' | 'p95Wait' | 'longestWait'> {
  const sorted = waits.toSorted((a, b) => a - b);
  return {
    meanWait: waits.reduce((sum, wait) => sum + wait, 0) / Math.max(1, waits.length),
    p95Wait: sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0,
    longestWait: sorted.at(-1) ?? 0,
  };
}

const countDevices = (hosts: readonly HostCapacity[]): number =>
  [...new Set(hosts.flatMap(({ devices }) => Object.keys(devices)))].reduce(
    (sum, deviceClass) => sum + devicesIn(hosts, deviceClass),
    0,
  );

/** More than any run asks for. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/**
 * The hosts that a list names, each by its devices: `8xH100` is one of eight, `8xH100,8xH100` two, and
 * `4xH100+4xL4` one of both; undefined where it is no such list. Memory is limited where it is said.
 */
export function parseHosts(list: string, memoryMiB = UNLIMITED): HostCapacity[] | undefined {
  const hosts = list.split(',').map((host) => parseDevices(host));
  if (hosts.includes(undefined)) return undefined;
  return hosts.flatMap((devices) => (devices === undefined ? [] : { memoryMiB, devices }));
}

function parseDevices(host: string): Record<string, number> | undefined {
  const counts: [string, number][] = [];
  for (const part of host.split('+')) {
    const [, count, name] = /^\s*(\d{1,6})\s*[x×]\s*(\S.*?)\s*$/.exec(part) ?? [];
    if (count === undefined || name === undefined || Number(count) === 0) return undefined;
    counts.push([name, Number(count)]);
  }
  return countByClass(counts);
}
