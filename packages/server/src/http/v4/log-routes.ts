import { logs } from '@grid/api';
import type { LogRecord } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import type { Application } from '../../applications/application.ts';
import { findDeployment } from '../../deployments/list-deployments.ts';
import { logSubject } from '../../deployments/log-subject.ts';
import type { DeploymentId } from '../../lib/ids.ts';
import { Refusal } from '../../lib/refusal.ts';
import type { FollowedLine } from '../../logs/follow-log.ts';
import type { HttpContext } from '../context.ts';
import { serveLog } from './serve-log.ts';

/** The lines of an application. */
export function logRoutes(app: FastifyInstance, context: HttpContext): void {
  const { database, paths, clock, followers } = context;
  serveLog(app, context, logs.streamLogs, async ({ application, query }) => {
    const deploymentId = await demandDeployment(context, application, query);
    const { id } = application;
    const subject = logSubject({ db: database.read, paths, clock }, id, deploymentId);
    return {
      follower: followers.join(subject),
      untilSettled: query.untilSettled === 'true',
      present: (followed) => (passes(query, followed) ? present(id, followed) : undefined),
    };
  });
}

type Filter = z.output<typeof logs.streamLogs.query>;

async function demandDeployment(
  { database }: HttpContext,
  application: Application,
  { deploymentId, untilSettled }: Filter,
): Promise<DeploymentId | undefined> {
  if (deploymentId === undefined) {
    if (untilSettled !== 'true') return undefined;
    throw new Refusal('invalid', 'An application never settles: name a deployment.', {
      untilSettled: 'goes with deploymentId',
    });
  }
  const deployment = await findDeployment(database.read, application.id, deploymentId);
  if (deployment !== undefined) return deployment.id;
  throw new Refusal('not_found', `There is no deployment ${JSON.stringify(deploymentId)}.`);
}

/** `since` counts only without a deployment: the client's clock may be ahead of ours. */
const passes = (filter: Filter, { line }: FollowedLine): boolean =>
  (filter.filter === undefined || line.text.includes(filter.filter)) &&
  (filter.instanceId === undefined || line.source.instanceId === filter.instanceId) &&
  (filter.until === undefined || line.at <= filter.until.getTime()) &&
  (filter.since === undefined ||
    filter.deploymentId !== undefined ||
    line.at >= filter.since.getTime());

const present = (applicationId: string, { cursor, line }: FollowedLine): LogRecord => ({
  id: cursor,
  date: new Date(line.at).toISOString(),
  message: line.text,
  service: line.source.instanceId === undefined ? 'bas-deploy' : 'bas',
  applicationId,
  deploymentId: line.source.deploymentId ?? '',
  instanceId: line.source.instanceId,
  stream: line.stream,
});
