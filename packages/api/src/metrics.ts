import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { OwnedApplication, nothing } from './schemas.ts';

const Moment = z.coerce.number().int().min(0);

/** A value for each time, null where it is not known. */
const Column = z.array(z.number().nullable());

/** Of all that was measured in the time of a point; the same three where that was once. */
export const MetricSpans = z.object({ min: Column, mean: Column, max: Column });

export const DeviceMetrics = z.object({
  uuid: z.string(),
  model: z.string(),
  at: z.array(z.number()).describe('as of the instance, by itself'),
  utilization: MetricSpans.describe('share of the time in which it computed, 0 to 1'),
  memoryBytes: MetricSpans,
  powerWatts: MetricSpans,
  temperatureCelsius: MetricSpans,
});
export type DeviceMetrics = z.infer<typeof DeviceMetrics>;

export const InstanceMetrics = z.object({
  instanceId: z.string(),
  instanceNumber: z.number(),
  deploymentId: z.string(),
  startedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  at: z.array(z.number()).describe('when the time of each point begins; gaps have no points'),
  cpuCores: MetricSpans.describe('cores in use'),
  memoryBytes: MetricSpans.describe('without the file cache that can be taken back'),
  receivedBytes: Column.describe('since the instance started, at the end of the time'),
  sentBytes: Column.describe('since the instance started, at the end of the time'),
  devices: z
    .array(DeviceMetrics)
    .describe('its GPUs, with points only of times in which it alone had them'),
});
export type InstanceMetrics = z.infer<typeof InstanceMetrics>;

export const getMetrics = endpoint({
  method: 'GET',
  path: '/grid/v1/owners/:ownerId/applications/:applicationId/metrics',
  summary: 'What the instances of an application used in a window: CPU, memory, network and GPUs',
  for: 'application:read',
  params: OwnedApplication,
  query: z.object({
    from: Moment.optional().describe('epoch milliseconds; an hour before `to` without it'),
    to: Moment.optional().describe('epoch milliseconds; now without it'),
    instance: z.string().max(64).optional().describe('the id of one instance'),
  }),
  body: nothing,
  result: z.object({
    from: z.number(),
    to: z.number(),
    stepSeconds: z
      .number()
      .describe('how much time a point stands for: the less, the younger `from` is'),
    instances: z.array(InstanceMetrics),
  }),
});
