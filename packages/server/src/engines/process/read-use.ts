import { existsSync, readFileSync } from 'node:fs';
import type { InstanceMeasure } from '../../workloads/engine.ts';

/** Where it is to be read what an instance uses. */
export type UseFiles = {
  /** Its control groups; none where they cannot be made. */
  groups: readonly string[];
  /** What its supervisor writes where there is no group. */
  sampled: string;
  /** A process that is in the instance's own network; undefined where it has none. */
  inNetwork: number | undefined;
};

type Computed = Pick<InstanceMeasure, 'cpuMilliseconds' | 'memoryBytes'>;
type Traffic = Pick<InstanceMeasure, 'receivedBytes' | 'sentBytes'>;

/** What an instance uses: a few small files, most of them the kernel's own, so that nothing is waited for. */
export const readUse = ({ groups, sampled, inNetwork }: UseFiles): Computed & Traffic => ({
  ...(groups.length === 0 ? sampledOf(read(sampled)) : readGroups(groups)),
  ...trafficOf(inNetwork === undefined ? undefined : read(`/proc/${inNetwork}/net/dev`)),
});

/** A group of version 2 knows everything; of version 1 there is one for each controller. */
function readGroups(groups: readonly string[]): Computed {
  const first = (file: string): string | undefined => {
    const path = groups.map((group) => `${group}/${file}`).find((one) => existsSync(one));
    return path === undefined ? undefined : read(path);
  };
  const statistics = first('memory.stat');
  const microseconds = numberIn(first('cpu.stat'), 'usage_usec');
  const nanoseconds = toNumber(first('cpuacct.usage'));
  return {
    cpuMilliseconds: rounded(microseconds, 1e3) ?? rounded(nanoseconds, 1e6),
    memoryBytes: withoutCache(
      toNumber(first('memory.current') ?? first('memory.usage_in_bytes')),
      numberIn(statistics, 'total_inactive_file') ?? numberIn(statistics, 'inactive_file'),
    ),
  };
}

/** Without the file cache that the kernel takes back first, as `docker stats` shows it. */
const withoutCache = (
  used: number | undefined,
  inactiveFile: number | undefined,
): number | undefined => used && Math.max(0, used - (inactiveFile ?? 0));

function sampledOf(text: string | undefined): Computed {
  const nothing = { cpuMilliseconds: undefined, memoryBytes: undefined };
  return text === undefined ? nothing : { ...nothing, ...(JSON.parse(text) as Computed) };
}

/** All interfaces of `/proc/<pid>/net/dev` but the loopback; bytes are the first of eight fields each way. */
export function trafficOf(text: string | undefined): Traffic {
  if (text === undefined) return { receivedBytes: undefined, sentBytes: undefined };
  const lines = text.split('\n').filter((line) => line.includes(':') && !/^\s*lo:/.test(line));
  const fields = lines.map((line) =>
    line
      .slice(line.indexOf(':') + 1)
      .trim()
      .split(/\s+/),
  );
  const sum = (field: number): number =>
    fields.reduce((total, one) => total + Number(one[field]), 0);
  return { receivedBytes: sum(0), sentBytes: sum(8) };
}

const toNumber = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);

/** The number behind a name, of a file that has a pair in each line. */
const numberIn = (text: string | undefined, name: string): number | undefined =>
  toNumber(new RegExp(`^${name} (\\d+)$`, 'm').exec(text ?? '')?.[1]);

const rounded = (value: number | undefined, unit: number): number | undefined =>
  value === undefined ? undefined : Math.round(value / unit);

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
