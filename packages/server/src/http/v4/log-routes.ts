import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { authenticateHeader } from '../../accounts/authenticate.ts';
import { logSources } from '../../deployments/log-sources.ts';
import { parseId } from '../../lib/ids.ts';
import { Refusal } from '../../lib/refusal.ts';
import { followLogs } from '../../logs/follow-log.ts';
import type { FollowedLine } from '../../logs/follow-log.ts';
import { accessApplication } from '../access.ts';
import type { HttpContext } from '../context.ts';
import { openEventStream } from '../sse.ts';

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
  app.get('/v4/logs/organisations/:ownerId/applications/:applicationId/logs', (request, reply) =>
    stream(context, request, reply),
  );
}

async function stream(
  context: HttpContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { database, clock, paths } = context;
  const user = await authenticateHeader(database.read, request.headers.authorization, clock());
  if (user === undefined) throw new Refusal('unauthenticated', 'Sign in first.');
  const params = request.params as { ownerId: string; applicationId: string };
  const call = { params, query: {}, body: {}, user, local: false };
  const { id } = await accessApplication(context, call, 'application:operate');
  const query = Query.safeParse(request.query);
  if (!query.success) throw new Refusal('invalid', z.prettifyError(query.error));
  const deploymentId =
    query.data.deploymentId === undefined
      ? undefined
      : parseId('deployment', query.data.deploymentId);
  if (query.data.deploymentId !== undefined && deploymentId === undefined)
    throw new Refusal('not_found', `There is no deployment ${query.data.deploymentId}.`);
  const last = request.headers['last-event-id'];
  const events = openEventStream(reply);
  const lines = followLogs({
    sources: logSources({ db: database.read, paths }, id, deploymentId),
    from: typeof last === 'string' ? last : undefined,
    follow: query.data.until === undefined || query.data.until.getTime() > clock(),
    signal: events.signal,
  });
  let sent = 0;
  for await (const { cursor, line } of lines) {
    if (query.data.until !== undefined && line.at > query.data.until.getTime()) break;
    if (!passes(query.data, line)) continue;
    await events.send({
      event: 'APPLICATION_LOG',
      id: cursor,
      data: present(id, { cursor, line }),
    });
    sent += 1;
    if (query.data.limit !== undefined && sent >= query.data.limit) break;
  }
  if (events.signal.aborted) return;
  const endedBy = query.data.until === undefined ? 'LIMIT_REACHED' : 'UNTIL_REACHED';
  await events.send({ event: 'END_OF_STREAM', data: JSON.stringify({ endedBy }) });
  events.end();
}

/** `since` counts only without a deployment: the client's clock may be ahead of ours. */
const passes = (filter: Filter, line: FollowedLine['line']): boolean =>
  (filter.filter === undefined || line.text.includes(filter.filter)) &&
  (filter.instanceId === undefined || line.source.instanceId === filter.instanceId) &&
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
