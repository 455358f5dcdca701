import { logs } from '@grid/api';
import type { AccessRecord } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import type { Application } from '../../applications/application.ts';
import { findDeployment } from '../../deployments/list-deployments.ts';
import { logSubject } from '../../deployments/log-subject.ts';
import type { DeploymentId } from '../../lib/ids.ts';
import { Refusal } from '../../lib/refusal.ts';
import type { FollowedLine } from '../../logs/follow-log.ts';
import type { Source } from '../../logs/log.ts';
import { jsonLines } from '../../logs/segment.ts';
import type { DataPaths } from '../../paths.ts';
import { presentPassing } from '../present/log-line.ts';
import { serveLog } from '../serve-log.ts';
import type { LogServing } from '../serve-log.ts';
import type { Serving } from '../serve.ts';

type LogNeeds = Serving & LogServing & { paths: DataPaths; zone: string };

/** The lines of applications, and what the router answered for them. */
export function logRoutes(app: FastifyInstance, needs: LogNeeds): void {
  const { database, clock, paths, followers, zone } = needs;
  serveLog(app, needs, logs.streamLogs, async ({ application, query }) => {
    const deploymentId = await requireDeployment(needs, application, query);
    const { id } = application;
    const subject = logSubject({ db: database.read, paths, clock }, id, deploymentId);
    return {
      follower: followers.join(subject),
      untilSettled: query.untilSettled === 'true',
      unended: query.unended === 'true',
      present: presentPassing(id, (followed) => passes(query, followed)),
    };
  });
  serveLog(app, needs, logs.streamAccessLogs, async ({ application: { id }, query }) => {
    const source: Source = {
      id: 'router',
      directory: paths.accessLogs(id),
      instanceId: undefined,
      deploymentId: undefined,
      format: jsonLines,
    };
    return {
      sources: async () => [source],
      present: (followed) => {
        const access = parse(followed);
        if (access === undefined || !isWithin(query, access.date)) return undefined;
        return { ...access, id: followed.cursor, zone };
      },
    };
  });
}

type Filter = z.output<typeof logs.streamLogs.query>;

async function requireDeployment(
  { database }: LogNeeds,
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

type Written = Omit<AccessRecord, 'id' | 'zone'>;

/** What the router wrote; undefined for what a crash left of a line, and for what is said of missing ones. */
function parse({ line }: FollowedLine): Written | undefined {
  try {
    return JSON.parse(line.text) as Written;
  } catch {
    return undefined;
  }
}

type Window = z.output<typeof logs.streamAccessLogs.query>;

function isWithin({ since, until }: Window, date: string): boolean {
  const at = Date.parse(date);
  return (
    (since === undefined || at >= since.getTime()) && (until === undefined || at <= until.getTime())
  );
}
