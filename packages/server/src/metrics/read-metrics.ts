import type { ApplicationId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { listInstances } from '../workloads/list-instances.ts';
import type { Instance } from '../workloads/workload.ts';
import type { Reader } from '../store/database.ts';
import { SAMPLES } from './metric.ts';
import type { Point, Rollup, Values } from './metric.ts';
import { selectSamplesWithInstances } from './metrics-store.ts';
import type { SampledInstance } from './metrics-store.ts';
import { readDeviceSeries } from './read-device-metrics.ts';
import type { DeviceSeries } from './read-device-metrics.ts';
import { readSeries } from './read-series.ts';

/** More than so many instances in one window are not shown: those that were created first are left out. */
const MOST_INSTANCES = 100;

export type Asked = {
  applicationId: ApplicationId;
  /** One instance alone. */
  instanceId?: string | undefined;
  from: number;
  to: number;
};

export type InstanceSeries = {
  instance: Instance;
  points: readonly Point<Rollup>[];
  devices: readonly DeviceSeries[];
};

/** What an application's instances used in a window: those that lived in it, the newest last. */
export async function readApplicationMetrics(
  db: Reader,
  { applicationId, instanceId, from, to }: Asked,
  now: number,
): Promise<{ step: number; instances: InstanceSeries[] }> {
  if (from >= to) throw new Refusal('invalid', 'from: must be before to', { from: 'before to' });
  const all = await listInstances(db, applicationId, { endedAfter: from });
  const asked = all.filter(({ id }) => instanceId === undefined || id === instanceId);
  if (instanceId !== undefined && asked.length === 0)
    throw new Refusal(
      'not_found',
      `There is no instance ${JSON.stringify(instanceId)} in that time.`,
    );
  const shown = asked.slice(-MOST_INSTANCES);
  const subjects = shown.map(({ id }) => id);
  const { step, series } = await readSeries(db, { from, to, subjects }, now);
  const { devices } = await readDeviceSeries(db, { instances: shown, from, to }, now);
  return {
    step,
    instances: shown.map((instance) => ({
      instance,
      points: series.get(instance.id) ?? [],
      devices: devices.get(instance.id) ?? [],
    })),
  };
}

/** What the newest samples say. */
export type Newest = {
  instances: readonly { instance: SampledInstance; values: Values }[];
  /** By UUID. */
  devices: ReadonlyMap<string, Values>;
};

/** Something that has not been measured for so long is not shown any more. */
const FRESH = 2.5 * SAMPLES.step;

/** The newest sample of everything that is measured now. */
export async function readNewest(db: Reader, now: number): Promise<Newest> {
  const found = await selectSamplesWithInstances(db, now - FRESH);
  const newest = new Map(found.map((one) => [one.point.subjectId, one]));
  const instances: { instance: SampledInstance; values: Values }[] = [];
  const devices = new Map<string, Values>();
  for (const { point, instance } of newest.values())
    if (instance === null) devices.set(point.subjectId, point.values);
    else instances.push({ instance, values: point.values });
  return { instances, devices };
}
