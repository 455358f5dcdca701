import type { Kysely } from 'kysely';
import type { ApplicationId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Schema } from '../store/schema.ts';
import { listInstances } from '../workloads/list-instances.ts';
import type { Instance } from '../workloads/workload.ts';
import { SAMPLES, beginningOf, chooseResolution } from './metric.ts';
import type { Point, Rollup, Values } from './metric.ts';
import { selectRollups, selectSamples, selectSamplesWithInstances } from './metrics-store.ts';
import type { SampledInstance, Window } from './metrics-store.ts';
import { widen } from './rollup.ts';

export { selectHolders as readHolders } from './metrics-store.ts';

/** The points of each subject, in the order of time; none of what was never measured. */
export type Series = ReadonlyMap<string, readonly Point<Rollup>[]>;

/** More than so many instances in one window are not shown: those that were created first are left out. */
const MOST_INSTANCES = 100;

/** What these instances or devices used in a window, as finely as it is still known. */
export async function readSeries(
  db: Kysely<Schema>,
  window: Window,
  now: number,
): Promise<{ step: number; series: Series }> {
  const { step } = chooseResolution(window.from, now);
  const whole = { ...window, from: beginningOf(window.from, step) };
  const points =
    step === SAMPLES.step
      ? (await selectSamples(db, whole)).map((one) => ({ ...one, values: widen(one.values) }))
      : await selectRollups(db, step, whole);
  return { step, series: Map.groupBy(points, ({ subjectId }) => subjectId) };
}

export type Asked = {
  applicationId: ApplicationId;
  /** One instance alone. */
  instanceId?: string | undefined;
  from: number;
  to: number;
};

export type InstanceSeries = { instance: Instance; points: readonly Point<Rollup>[] };

/** What an application's instances used in a window: those that lived in it, the newest last. */
export async function readApplicationMetrics(
  db: Kysely<Schema>,
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
  return {
    step,
    instances: shown.map((instance) => ({ instance, points: series.get(instance.id) ?? [] })),
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
export async function readNewest(db: Kysely<Schema>, now: number): Promise<Newest> {
  const found = await selectSamplesWithInstances(db, now - FRESH);
  const newest = new Map(found.map((one) => [one.point.subjectId, one]));
  const instances: { instance: SampledInstance; values: Values }[] = [];
  const devices = new Map<string, Values>();
  for (const { point, instance } of newest.values())
    if (instance === null) devices.set(point.subjectId, point.values);
    else instances.push({ instance, values: point.values });
  return { instances, devices };
}
