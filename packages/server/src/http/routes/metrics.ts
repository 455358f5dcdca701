import { metrics } from '@grid/api';
import type { DeviceMetrics, InstanceMetrics } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { HOUR, SECOND } from '../../lib/duration.ts';
import type { Counter, Gauge, Point, Rollup } from '../../metrics/metric.ts';
import type { DeviceSeries } from '../../metrics/read-device-metrics.ts';
import { readApplicationMetrics } from '../../metrics/read-metrics.ts';
import type { InstanceSeries } from '../../metrics/read-metrics.ts';
import { findDeployments } from '../../runs/find-deployments.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';

/** What instances used. */
export function metricsRoutes(app: FastifyInstance, needs: Serving): void {
  const { database, clock } = needs;
  serve(app, needs, metrics.getMetrics, async ({ application, query }) => {
    const { id: applicationId } = application;
    const now = clock();
    const { to = now, instance: instanceId } = query;
    const { from = Math.max(0, to - HOUR) } = query;
    const asked = { applicationId, instanceId, from, to };
    const { step, instances } = await readApplicationMetrics(database.read, asked, now);
    const deploymentOf = await findDeployments(
      database.read,
      instances.map(({ instance }) => instance),
    );
    const shown = instances.map((one) => present(one, deploymentOf(one.instance)));
    return { from, to, stepSeconds: step / SECOND, instances: shown };
  });
}

const present = (
  { instance, points, devices }: InstanceSeries,
  deploymentId: string,
): InstanceMetrics => ({
  instanceId: instance.id,
  instanceNumber: instance.number,
  deploymentId,
  startedAt: instance.startedAt,
  endedAt: instance.endedAt,
  at: points.map(({ at }) => at),
  cpuCores: spans(points, 'cpu'),
  memoryBytes: spans(points, 'memory'),
  receivedBytes: column(points, 'received'),
  sentBytes: column(points, 'sent'),
  devices: devices.map(presentDevice),
});

const presentDevice = ({ uuid, model, points }: DeviceSeries): DeviceMetrics => ({
  uuid,
  model,
  at: points.map(({ at }) => at),
  utilization: spans(points, 'utilization'),
  memoryBytes: spans(points, 'memory'),
  powerWatts: spans(points, 'power'),
  temperatureCelsius: spans(points, 'temperature'),
});

type Points = readonly Point<Rollup>[];

const spans = (points: Points, gauge: Gauge): InstanceMetrics['cpuCores'] => ({
  min: points.map(({ values }) => values[gauge]?.[0] ?? null),
  mean: points.map(({ values }) => values[gauge]?.[1] ?? null),
  max: points.map(({ values }) => values[gauge]?.[2] ?? null),
});

const column = (points: Points, counter: Counter): (number | null)[] =>
  points.map(({ values }) => values[counter] ?? null);
