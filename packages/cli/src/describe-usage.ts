import type { DeviceUsage } from '@grid/api';

/** A GPU that computed less than this share of the time, for longer than that, was held in vain. */
const HARDLY = 0.1;
const LONG_SECONDS = 600;

/** How GPUs were used, as a line; undefined where that was not measured. */
export function describeUsage(usage: DeviceUsage | null): string | undefined {
  if (usage === null) return undefined;
  const { utilization, memoryBytes, measuredSeconds } = usage;
  const parts = [
    ...(utilization === null
      ? []
      : [`mean ${percent(utilization.mean)}, max ${percent(utilization.max)} busy`]),
    ...(memoryBytes === null ? [] : [`${gibibytes(memoryBytes.max)} of memory at most`]),
  ];
  if (parts.length === 0) return undefined;
  const isIdle =
    utilization !== null && utilization.mean < HARDLY && measuredSeconds > LONG_SECONDS;
  return `${parts.join('; ')}${isIdle ? '. The GPU was hardly used.' : ''}`;
}

const percent = (share: number): string =>
  share > 0 && share < 0.01 ? 'under 1 %' : `${Math.round(share * 100)} %`;

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
