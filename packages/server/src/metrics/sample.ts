import type { InstanceMeasure, Meter } from '../workloads/engine.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { holdClaim } from '../reconcile/looks.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { DeviceMeasure, DeviceSource } from '../devices/device.ts';
import type { Database } from '../store/database.ts';
import { SAMPLES, beginningOf } from './metric.ts';
import type { Point, Values } from './metric.ts';
import { findRolledTo, prepareRollups, recordMetrics } from './record-metrics.ts';
import { coresBetween, rounded } from './rollup.ts';
import type { CpuReading, RolledTo } from './rollup.ts';

export type MetricsDeps = {
  database: Database;
  clock: Clock;
  /** Never jumps: rates are by it. */
  steadyClock: Clock;
  log: Log;
  /** By name. */
  meters: Readonly<Record<string, Meter>>;
  devices: Pick<DeviceSource, 'measure'>;
};

/**
 * Measures instances and devices every ten seconds and records it, with what it comes to in longer times.
 * Whoever does not answer leaves a gap, and is told of once.
 */
export function metricsKeeper(deps: MetricsDeps): Reconciler {
  const { database, clock } = deps;
  const ask = askOrGap(deps.log);
  let readings = new Map<string, CpuReading>();
  let rolledTo: RolledTo | undefined;
  return async (claim, signal) => {
    const [instances, devices] = await Promise.all([
      measureInstances(deps, ask, signal),
      ask('the devices', deps.devices.measure(signal)),
    ]);
    signal.throwIfAborted();
    const now = clock();
    const at = beginningOf(now, SAMPLES.step);
    rolledTo ??= await findRolledTo(database, now);
    const rollups = await prepareRollups(database, rolledTo, now);
    const samples = [
      ...instances.map((one) => toSample(one, readings.get(one.measure.instanceId), at)),
      ...devices.map((one) => ofDevice(one, at)),
    ];
    await database.transaction(async (tx) => {
      await holdClaim(tx, claim);
      await recordMetrics(tx, { samples, rollups, now });
    });
    readings = new Map(instances.flatMap(toReading));
    ({ rolledTo } = rollups);
    return at + SAMPLES.step;
  };
}

type Ask = <T>(whom: string, asked: Promise<readonly T[]>) => Promise<readonly T[]>;

/** The answer, or none; says once that somebody is away, and once that they are back. */
function askOrGap(log: Log): Ask {
  const away = new Set<string>();
  return async (whom, asked) => {
    try {
      const answer = await asked;
      if (away.delete(whom)) log.info({ whom }, 'it can be measured again');
      return answer;
    } catch (error) {
      if (!away.has(whom)) log.warn({ err: error, whom }, 'it cannot be measured for now');
      away.add(whom);
      return [];
    }
  };
}

/** What an engine said, and when by the clock that never jumps. */
type Measured = { measure: InstanceMeasure; elapsed: number };

async function measureInstances(
  { meters, steadyClock }: MetricsDeps,
  ask: Ask,
  signal: AbortSignal,
): Promise<Measured[]> {
  const all = await Promise.all(
    Object.entries(meters).map(async ([name, meter]) => {
      const found = await ask(name, meter.measure(signal));
      const elapsed = steadyClock();
      return found.map((measure) => ({ measure, elapsed }));
    }),
  );
  return all.flat();
}

const toReading = ({ measure, elapsed }: Measured): [string, CpuReading][] =>
  measure.cpuMilliseconds === undefined
    ? []
    : [[measure.instanceId, { milliseconds: measure.cpuMilliseconds, elapsed }]];

function toSample(measured: Measured, before: CpuReading | undefined, at: number): Point<Values> {
  const { instanceId, memoryBytes, receivedBytes, sentBytes } = measured.measure;
  const [[, reading] = []] = toReading(measured);
  return {
    subjectId: instanceId,
    at,
    values: known({
      cpu: before && reading && coresBetween(before, reading),
      memory: memoryBytes,
      received: receivedBytes,
      sent: sentBytes,
    }),
  };
}

const MIB = 2 ** 20;

function ofDevice(measure: DeviceMeasure, at: number): Point<Values> {
  const { uuid, utilization, memoryUsedMiB, powerWatts, temperatureCelsius } = measure;
  return {
    subjectId: uuid,
    at,
    values: known({
      utilization: utilization && rounded('utilization', utilization),
      memory: memoryUsedMiB && Math.round(memoryUsedMiB * MIB),
      power: powerWatts && rounded('power', powerWatts),
      temperature: temperatureCelsius && rounded('temperature', temperatureCelsius),
    }),
  };
}

/** Without what nobody knows. */
const known = (values: { [Name in keyof Values]: number | undefined }): Values =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
