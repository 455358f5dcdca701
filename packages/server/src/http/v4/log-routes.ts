import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { authenticateHeader } from '../../accounts/authenticate.ts';
import type { Application } from '../../applications/application.ts';
import { findDeployment } from '../../deployments/list-deployments.ts';
import { logSources } from '../../deployments/log-sources.ts';
import type { DeploymentId } from '../../lib/ids.ts';
import { Refusal } from '../../lib/refusal.ts';
import { followLogs } from '../../logs/follow-log.ts';
import type { FollowedLine } from '../../logs/follow-log.ts';
import { accessApplication } from '../access.ts';
import type { HttpContext } from '../context.ts';
import { openEventStream } from '../sse.ts';
import type { EventStream } from '../sse.ts';

const Query = z.object({
  since: z.coerce.date().optional(),
  until: z.coerce.date().optional(),
  deploymentId: z.string().optional(),
  instanceId: z.string().optional(),
  filter: z.string().max(1024).optional(),
  limit: z.coerce.number().int().min(1).optional(),
});

type Filter = z.output<typeof Query>;

/** The lines of an application as server-sent events: what is there, then what comes. */
export function logRoutes(app: FastifyInstance, context: HttpContext): void {
  app.get(
    '/v4/logs/organisations/:ownerId/applications/:applicationId/logs',
    async (request, reply) => {
      const application = await demandReader(context, request);
      const query = Query.safeParse(request.query);
      if (!query.success) throw new Refusal('invalid', z.prettifyError(query.error));
      const asked: Asked = {
        application,
        deploymentId: await demandDeployment(context, application, query.data),
        filter: query.data,
        from: lastEventId(request),
      };
      await stream(context, asked, reply);
    },
  );
}

async function demandReader(context: HttpContext, request: FastifyRequest): Promise<Application> {
  const { database, clock } = context;
  const user = await authenticateHeader(database.read, request.headers.authorization, clock());
  if (user === undefined) throw new Refusal('unauthenticated', 'Sign in first.');
  const params = request.params as { ownerId: string; applicationId: string };
  return accessApplication(context, { params, user }, 'application:operate');
}

async function demandDeployment(
  { database }: HttpContext,
  application: Application,
  { deploymentId }: Filter,
): Promise<DeploymentId | undefined> {
  if (deploymentId === undefined) return undefined;
  const deployment = await findDeployment(database.read, application.id, deploymentId);
  if (deployment !== undefined) return deployment.id;
  throw new Refusal('not_found', `There is no deployment ${JSON.stringify(deploymentId)}.`);
}

function lastEventId({ headers }: FastifyRequest): string | undefined {
  const id = headers['last-event-id'];
  return typeof id === 'string' ? id : undefined;
}

type Asked = {
  application: Application;
  deploymentId: DeploymentId | undefined;
  filter: Filter;
  from: string | undefined;
};

async function stream(context: HttpContext, asked: Asked, reply: FastifyReply): Promise<void> {
  const { database, clock, paths, log, followers } = context;
  const { application, filter } = asked;
  const events = openEventStream(reply);
  try {
    const lines = followLogs({
      sources: logSources({ db: database.read, paths }, application.id, asked.deploymentId),
      from: asked.from,
      until: filter.until === undefined ? events.signal : abortAt(filter.until, clock()),
      follower: followers.join(application.id),
      signal: events.signal,
    });
    const endedBy = await send(events, lines, asked);
    if (events.signal.aborted) return;
    await events.send({ event: 'END_OF_STREAM', data: JSON.stringify({ endedBy }) });
  } catch (error) {
    log.error({ err: error, applicationId: application.id }, 'a log could not be read');
  }
  events.end();
}

/** The longest that a timer can be set for. */
const LONGEST_TIMER = 2 ** 31 - 1;

const abortAt = (until: Date, now: number): AbortSignal | undefined =>
  until.getTime() <= now
    ? undefined
    : AbortSignal.timeout(Math.min(LONGEST_TIMER, until.getTime() - now));

/** Sends what passes, each when the client has room for it; why there is no more. */
async function send(
  events: EventStream,
  lines: AsyncIterable<FollowedLine>,
  { application, filter }: Asked,
): Promise<'LIMIT_REACHED' | 'UNTIL_REACHED'> {
  let left = filter.limit ?? Number.MAX_SAFE_INTEGER;
  for await (const followed of lines) {
    if (!passes(filter, followed.line)) continue;
    const data = present(application.id, followed);
    await events.send({ event: 'APPLICATION_LOG', id: followed.cursor, data });
    left -= 1;
    if (left === 0) return 'LIMIT_REACHED';
  }
  return 'UNTIL_REACHED';
}

/** `since` counts only without a deployment: the client's clock may be ahead of ours. */
const passes = (filter: Filter, line: FollowedLine['line']): boolean =>
  (filter.filter === undefined || line.text.includes(filter.filter)) &&
  (filter.instanceId === undefined || line.source.instanceId === filter.instanceId) &&
  (filter.until === undefined || line.at <= filter.until.getTime()) &&
  (filter.since === undefined ||
    filter.deploymentId !== undefined ||
    line.at >= filter.since.getTime());

const present = (applicationId: string, { cursor, line }: FollowedLine): string =>
  JSON.stringify({
    id: cursor,
    date: new Date(line.at).toISOString(),
    message: line.text,
    service: line.source.instanceId === undefined ? 'bas-deploy' : 'bas',
    applicationId,
    deploymentId: line.source.deploymentId,
    instanceId: line.source.instanceId,
    stream: line.stream,
  });
