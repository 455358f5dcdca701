import { z } from 'zod';
import { stream } from './endpoint.ts';
import { OwnedApplication } from './schemas.ts';

/** From when to when, and how many at most. */
const Window = z.object({
  since: z.coerce.date().optional().describe('nothing older'),
  until: z.coerce
    .date()
    .optional()
    .describe('nothing newer; the stream ends then, and without it never'),
  limit: z.coerce.number().int().min(1).optional().describe('the stream ends after so many'),
});

/** For those who can take back what they have shown. */
export const withUnended = z
  .enum(['true', 'false'])
  .optional()
  .describe(
    'also lines that have not ended, as they are now and whenever they change, such as prompts and progress bars',
  );

/** What the last event of a stream says, `END_OF_STREAM`. */
export const EndOfStream = z.object({
  endedBy: z
    .enum(['UNTIL_REACHED', 'LIMIT_REACHED', 'SETTLED'])
    .describe('`SETTLED`: what the log is of came to its end, and there are no more lines'),
  status: z
    .string()
    .optional()
    .describe(
      'how it settled: of a deployment `live`, `failed`, …, of a run `succeeded`, `failed`, …',
    ),
});
export type EndOfStream = z.infer<typeof EndOfStream>;

export const LogRecord = z.object({
  id: z.string(),
  date: z.string(),
  message: z.string(),
  service: z.string(),
  applicationId: z.string(),
  deploymentId: z.string(),
  instanceId: z.string().optional(),
  stream: z.enum(['platform', 'stdout', 'stderr']),
  unended: z
    .literal(true)
    .optional()
    .describe(
      'its end is still to come; what comes next of the same stream takes its place. Without text: what was told of it does not count any more',
    ),
});
export type LogRecord = z.infer<typeof LogRecord>;

export const streamLogs = stream({
  path: '/v4/logs/organisations/:ownerId/applications/:applicationId/logs',
  summary: 'The lines of an application, those that are there and those that come',
  for: 'application:operate',
  params: OwnedApplication,
  query: Window.extend({
    deploymentId: z.string().optional().describe('of one deployment, from its beginning'),
    instanceId: z.string().optional().describe('of one instance'),
    untilSettled: z
      .enum(['true', 'false'])
      .optional()
      .describe(
        'with `deploymentId`: the stream ends once that is live or over and its last lines were sent',
      ),
    unended: withUnended,
    filter: z.string().max(1024).optional().describe('lines that contain this text'),
  }),
  event: 'APPLICATION_LOG',
  data: LogRecord,
});

export const AccessRecord = z.object({
  id: z.string(),
  date: z.string(),
  applicationId: z.string(),
  instanceId: z.string().optional(),
  requestId: z.string(),
  zone: z.string(),
  source: z.object({ ip: z.string() }),
  http: z.object({
    request: z.object({
      method: z.string(),
      host: z.string(),
      path: z.string(),
      scheme: z.string(),
    }),
    response: z.object({ statusCode: z.number(), time: z.number().describe('in milliseconds') }),
  }),
  bytesIn: z.number(),
  bytesOut: z.number(),
});
export type AccessRecord = z.infer<typeof AccessRecord>;

export const streamAccessLogs = stream({
  path: '/v4/accesslogs/organisations/:ownerId/applications/:applicationId/accesslogs',
  summary: 'The requests that an application answered, those that are known and those that come',
  for: 'application:operate',
  params: OwnedApplication,
  query: Window,
  event: 'ACCESS_LOG',
  data: AccessRecord,
});
