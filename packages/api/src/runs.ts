import { z } from 'zod';
import { endpoint, stream } from './endpoint.ts';
import { LogRecord, withUnended } from './logs.ts';
import { ENVIRONMENT_LIMIT, Owned, OwnedApplication, none, nothing } from './schemas.ts';

const OwnedRun = OwnedApplication.extend({ runId: z.string().max(64) });

const Priority = z.enum(['low', 'normal', 'high']);
const Status = z.enum(['waiting', 'running', 'succeeded', 'failed', 'cancelled']);
const Time = z.number().describe('epoch milliseconds');

export const Run = z.object({
  id: z.string(),
  applicationId: z.string(),
  deploymentId: z.string().describe('what built its artifact'),
  origin: z
    .enum(['deployment', 'request'])
    .describe('`deployment`: one at a time; `request`: beside those'),
  rerunOf: z.string().nullable(),
  authorId: z.string().nullable(),
  commitId: z.string(),
  artifactId: z.string(),
  command: z.string(),
  environmentHash: z.string(),
  changed: z.array(z.string()).describe('names of the variables that were given for it alone'),
  flavor: z.string(),
  nodes: z.number(),
  priority: Priority,
  maxDurationSeconds: z.number().nullable(),
  retries: z.number().nullable(),
  status: Status,
  reason: z.string().nullable().describe('why it waits, or failed, as a code'),
  detail: z.string().nullable().describe('the same as a sentence'),
  exitCode: z.number().nullable(),
  createdAt: Time,
  startedAt: Time.nullable(),
  finishedAt: Time.nullable(),
});
export type Run = z.infer<typeof Run>;

const Attempt = z.object({
  number: z.number(),
  status: Status,
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  exitCode: z.number().nullable(),
  createdAt: Time,
  startedAt: Time.nullable(),
  finishedAt: Time.nullable(),
  nodes: z.array(
    z.object({
      instanceId: z.string(),
      number: z.number(),
      status: z.string(),
      exitCode: z.number().nullable(),
      reason: z.string().nullable(),
      devices: z.array(z.string()).describe('UUIDs of the devices that it holds or held'),
    }),
  ),
});

export const DeviceUsage = z.object({
  measuredSeconds: z.number().describe('the time in which any of its devices was measured'),
  utilization: z
    .object({ mean: z.number(), max: z.number() })
    .nullable()
    .describe('share of the time in which they computed, 0 to 1'),
  memoryBytes: z.object({ max: z.number() }).nullable().describe('the most on any one of them'),
});
export type DeviceUsage = z.infer<typeof DeviceUsage>;

export const RunDetails = Run.extend({
  attempts: z.array(Attempt),
  usage: DeviceUsage.nullable().describe('of its GPUs, while it had them; null: not measured'),
  minutes: z.number(),
  gpuMinutes: z.number(),
  microEuros: z.number().describe('what it cost until now'),
});
export type RunDetails = z.infer<typeof RunDetails>;

const path = '/grid/v1/owners/:ownerId/applications/:applicationId/runs';

export const listRuns = endpoint({
  method: 'GET',
  path,
  summary: 'Runs, the newest first',
  for: 'application:read',
  params: OwnedApplication,
  query: z.object({
    limit: z.coerce.number().int().min(1).max(1000).optional(),
    status: Status.optional(),
  }),
  body: nothing,
  result: z.array(Run),
});

export const listOwnerRuns = endpoint({
  method: 'GET',
  path: '/grid/v1/owners/:ownerId/runs',
  summary: 'Runs of all applications of an owner, the newest first',
  for: 'application:read',
  params: Owned,
  query: z.object({
    limit: z.coerce.number().int().min(1).max(1000).optional(),
    status: Status.optional(),
  }),
  body: nothing,
  result: z.array(Run),
});

export const findRun = endpoint({
  method: 'GET',
  path: '/grid/v1/owners/:ownerId/runs/:runId',
  summary: 'A run of an owner, whichever application’s',
  for: 'application:read',
  params: Owned.extend({ runId: z.string().max(64) }),
  query: none,
  body: nothing,
  result: Run,
});

export const startRun = endpoint({
  method: 'POST',
  path,
  summary: 'Run what was built last once more, beside whatever else runs',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: z.object({
    command: z
      .array(z.string().max(131_072))
      .min(1)
      .max(1024)
      .optional()
      .describe('in place of the application’s own; one word alone is a shell’s command line'),
    environment: z
      .record(z.string().regex(/^[A-Za-z_]\w*$/), z.string().max(131_072))
      .optional()
      .describe('for this run alone, over the application’s variables'),
    flavor: z.string().max(32).optional(),
    nodes: z.number().int().min(1).max(40).optional(),
    priority: Priority.optional(),
    maxDurationSeconds: z.number().int().min(1).max(31_536_000).optional(),
    retries: z.number().int().min(0).max(100).optional(),
    commit: z.string().max(64).optional().describe('one that was built; without it the newest'),
  }),
  bodyLimit: ENVIRONMENT_LIMIT,
  result: Run,
});

export const getRun = endpoint({
  method: 'GET',
  path: `${path}/:runId`,
  summary: 'A run with its attempts, nodes, devices, how those were used, and cost',
  for: 'application:read',
  params: OwnedRun,
  query: none,
  body: nothing,
  result: RunDetails,
});

export const stopRun = endpoint({
  method: 'DELETE',
  path: `${path}/:runId`,
  summary: 'End a run: it is told to (TERM), and killed when its time for that is over',
  for: 'application:operate',
  params: OwnedRun,
  query: none,
  body: nothing,
  result: nothing,
});

export const rerun = endpoint({
  method: 'POST',
  path: `${path}/:runId/rerun`,
  summary: 'Run the same once more: commit, artifact, command, variables and size as they were',
  for: 'application:operate',
  params: OwnedRun,
  query: none,
  body: nothing,
  result: Run,
});

export const streamRunLog = stream({
  path: `${path}/:runId/logs`,
  summary: 'The lines of a run, of all its attempts and nodes',
  for: 'application:operate',
  params: OwnedRun,
  query: z.object({
    until: z.coerce
      .date()
      .optional()
      .describe('nothing newer; the stream ends then, and without it when the run is over'),
    limit: z.coerce.number().int().min(1).optional(),
    node: z.coerce.number().int().min(0).optional().describe('of one node only'),
    unended: withUnended,
  }),
  event: 'RUN_LOG',
  data: LogRecord,
});
