import { SECOND } from '../lib/duration.ts';
import type { Point, Rollup } from './metric.ts';
import { merge } from './rollup.ts';

/** How devices were used, all together. */
export type DeviceUsage = {
  /** The time in which any of them was measured. */
  measuredSeconds: number;
  /** 0 to 1. */
  utilization: { mean: number; max: number } | null;
  /** The most on any one of them. */
  memoryBytes: { max: number } | null;
};

/** What these points of devices, each of which stands for the same time, come to; null of none. */
export function sumUp(points: readonly Point<Rollup>[], step: number): DeviceUsage | null {
  if (points.length === 0) return null;
  const { utilization, memory } = merge(points.map(({ values }) => values));
  return {
    measuredSeconds: (new Set(points.map(({ at }) => at)).size * step) / SECOND,
    utilization: utilization === undefined ? null : { mean: utilization[1], max: utilization[2] },
    memoryBytes: memory === undefined ? null : { max: memory[2] },
  };
}
