import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { none, nothing } from './schemas.ts';

const Time = z.number().describe('epoch milliseconds');

export const Device = z.object({
  uuid: z.string(),
  model: z.string(),
  class: z.string().nullable().describe('what sizes mean by it; null where none does'),
  memoryMiB: z.number(),
  index: z.number(),
  host: z.string(),
  state: z.enum(['free', 'leased', 'fencing', 'quarantined', 'missing', 'unmapped']),
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  since: Time.nullable(),
  holder: z
    .object({ applicationId: z.string().nullable(), workloadId: z.string(), node: z.number() })
    .nullable()
    .describe('for its owner’s members, and operators'),
});

export type Device = z.infer<typeof Device>;

export const listDevices = endpoint({
  method: 'GET',
  path: '/grid/v1/devices',
  summary: 'The devices of the platform: what they are, and how they are',
  for: 'signed in',
  params: none,
  query: none,
  body: nothing,
  result: z.object({ devices: z.array(Device), silent: z.string().nullable() }),
});

const Uuid = z.object({ uuid: z.string().max(128) });

export const repairDevice = endpoint({
  method: 'POST',
  path: '/grid/v1/devices/:uuid/repaired',
  summary: 'Say that what was wrong with a device is mended',
  for: 'operator',
  params: Uuid,
  query: none,
  body: nothing,
  result: nothing,
});

export const forgetDevice = endpoint({
  method: 'DELETE',
  path: '/grid/v1/devices/:uuid',
  summary: 'Forget a device that is missing',
  for: 'operator',
  params: Uuid,
  query: none,
  body: nothing,
  result: nothing,
});
