import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Owned, OwnedApplication, none, nothing } from './schemas.ts';

const Time = z.number().describe('epoch milliseconds');

/** What the platform runs things for. */
const SubjectKind = z.enum(['build', 'deployment', 'run']);

/** When something that waits should start; an older platform says no more than `expectedAt`. */
const Expected = {
  expectedAt: Time.nullable().describe(
    'when it should start, by what ran before; null where that does not tell',
  ),
  latestAt: Time.nullable()
    .default(null)
    .describe('when it starts at the latest, where the runs before it have no history'),
  expectation: z
    .enum(['estimate', 'bound', 'assumption'])
    .nullable()
    .default(null)
    .describe(
      'what that rests on: `estimate`, runs that were measured; `bound`, what those before it may take at most; `assumption`, that none of them takes longer than a day; null: nobody can say',
    ),
};

export const Waiting = z.object({
  kind: z.enum(['webapp', ...SubjectKind.exclude(['deployment']).options]),
  subject: z
    .object({ kind: SubjectKind, id: z.string() })
    .nullable()
    .default(null)
    .describe('what it is for: the build of a deployment has the deployment’s id'),
  applicationId: z.string().nullable(),
  applicationName: z.string().nullable(),
  deploymentId: z.string(),
  runId: z.string().nullable(),
  line: z.string().describe('what it waits for: `cpu`, `build`, or a class of devices'),
  position: z.number().nullable().describe('from 1; null where it is too far behind to be known'),
  flavor: z.string(),
  nodes: z.number(),
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  helps: z.string().nullable().describe('what would help'),
  since: Time,
  ...Expected,
});

export type Waiting = z.infer<typeof Waiting>;

const Accuracy = z.object({
  starts: z
    .number()
    .describe('starts of the last 30 days that were foretold by what had run before'),
  medianErrorSeconds: z.number().nullable(),
  withinTenMinutes: z.number().nullable().describe('share of them that came within ten minutes'),
});

export const Queue = z.object({
  waiting: z.array(Waiting).describe('of this owner, in their order'),
  waitingInAll: z.number().describe('of all owners'),
  memoryMiB: z.object({ total: z.number(), free: z.number() }),
  devices: z.array(
    z.object({ class: z.string(), total: z.number(), free: z.number(), unwell: z.number() }),
  ),
  accuracy: Accuracy.describe('how right the first word of a start was'),
});

export type Queue = z.infer<typeof Queue>;

export const getQueue = endpoint({
  method: 'GET',
  path: '/grid/v1/owners/:ownerId/queue',
  summary: 'What waits, why, and when it should start',
  for: 'application:read',
  params: Owned,
  query: none,
  body: nothing,
  result: Queue,
});

const Milliseconds = z.int().min(0).describe('milliseconds');

export const PastRun = z.object({
  createdAt: Time,
  duration: Milliseconds,
  estimate: Milliseconds.nullable().describe('how long it was expected to take, in milliseconds'),
  nodes: z.int(),
  gpus: z.int().describe('of each node'),
  memory: z.int().describe('of each node, in MiB'),
  class: z.string().nullable().describe('which devices counted'),
});

export type PastRun = z.infer<typeof PastRun>;

export const listPastRuns = endpoint({
  method: 'GET',
  path: '/grid/v1/queue/past-runs',
  summary: 'What ran on the platform, each attempt by itself, for a replay',
  for: 'operator',
  params: none,
  query: z.object({
    since: z.coerce.number().int().min(0).optional().describe('30 days ago without it'),
  }),
  body: nothing,
  result: z.object({ runs: z.array(PastRun).describe('the oldest first; 100,000 at most') }),
});

export const Why = z.object({
  subject: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  helps: z.string().nullable(),
  position: z.number().nullable(),
  line: z.string().nullable(),
  ...Expected,
  promisedAt: Time.nullable().describe('what was said first'),
  admittedAt: Time.nullable(),
});

export type Why = z.infer<typeof Why>;

export const getWhy = endpoint({
  method: 'GET',
  path: '/grid/v1/owners/:ownerId/applications/:applicationId/why',
  summary: 'Why a run or a deployment waits, or how it ended',
  for: 'application:read',
  params: OwnedApplication,
  query: z.object({ of: z.string().max(64).describe('the id of a run or of a deployment') }),
  body: nothing,
  result: Why,
});
