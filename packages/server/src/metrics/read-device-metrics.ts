import type { InstanceId } from '../lib/ids.ts';
import type { Instance } from '../workloads/workload.ts';
import type { Reader } from '../store/database.ts';
import { sumUp } from './device-usage.ts';
import type { DeviceUsage } from './device-usage.ts';
import { devicesOf, pointsWithin } from './held-devices.ts';
import type { Point, Rollup } from './metric.ts';
import { selectLeased } from './metrics-store.ts';
import { readSeries } from './read-series.ts';

export type DeviceSeries = { uuid: string; model: string; points: readonly Point<Rollup>[] };

/** What the devices of these instances did in a window, each while its instance held it and at no other time. */
export async function readDeviceSeries(
  db: Reader,
  { instances, ...window }: { instances: readonly Instance[]; from: number; to: number },
  now: number,
): Promise<{ step: number; devices: ReadonlyMap<InstanceId, readonly DeviceSeries[]> }> {
  const workloads = new Set(instances.map(({ workloadId }) => workloadId));
  const leases = await selectLeased(db, [...workloads]);
  const subjects = [...new Set(leases.map(({ uuid }) => uuid))];
  const { step, series } = await readSeries(db, { ...window, subjects }, now);
  const devices = instances.map((instance) => {
    const held = devicesOf(instance, leases).map((device) => ({
      uuid: device.uuid,
      model: device.model,
      points: pointsWithin(device, series.get(device.uuid) ?? [], step),
    }));
    return [instance.id, held] as const;
  });
  return { step, devices: new Map(devices) };
}

/** How the devices of these instances were used over their lives; null where that was not measured. */
export async function readDeviceUsage(
  db: Reader,
  instances: readonly Instance[],
  now: number,
): Promise<DeviceUsage | null> {
  const from = Math.min(now, ...instances.map(({ startedAt }) => startedAt ?? now));
  const to = Math.max(...instances.map(({ endedAt }) => endedAt ?? now));
  const { step, devices } = await readDeviceSeries(db, { instances, from, to }, now);
  const points = [...devices.values()].flatMap((held) => held.flatMap((device) => device.points));
  return sumUp(points, step);
}
