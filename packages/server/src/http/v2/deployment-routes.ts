import { deployments } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { listNames } from '../../accounts/list-names.ts';
import { cancelDeployment } from '../../deployments/cancel-deployment.ts';
import type { Deployment } from '../../deployments/deployment.ts';
import { deployApplication } from '../../deployments/deploy-application.ts';
import { findDeployment, listDeployments } from '../../deployments/list-deployments.ts';
import { stopApplication } from '../../deployments/stop-application.ts';
import { byUser } from '../../events/actor.ts';
import { Refusal } from '../../lib/refusal.ts';
import { listInstances } from '../../workloads/list-instances.ts';
import { accessApplication } from '../access.ts';
import type { HttpContext } from '../context.ts';
import { instanceState, presentDeployment } from '../present/deployment.ts';
import { serve } from '../serve.ts';
import { awaitFollowers } from './await-followers.ts';

const ALL = 1_000;

/** Deploying, stopping, and how it stands. */
export function deploymentRoutes(app: FastifyInstance, context: HttpContext): void {
  const { database } = context;
  serve(app, context, deployments.listDeployments, async (call) => {
    const { id, nodes } = await accessApplication(context, call, 'application:read');
    const { limit = ALL, offset = 0, action } = call.query;
    const all = await listDeployments(database.read, id, ALL);
    await awaitFollowers(context, all);
    const asked = all
      .filter((one) => action === undefined || one.action === action)
      .slice(offset, offset + limit);
    const authors = await namesOf(context, asked);
    return asked.map((one) => presentDeployment(one, { nodes, authors }));
  });
  serve(app, context, deployments.getDeployment, async (call) => {
    const { id, nodes } = await accessApplication(context, call, 'application:read');
    const deployment = await findDeployment(database.read, id, call.params.deployment);
    if (deployment === undefined)
      throw new Refusal('not_found', `There is no deployment ${call.params.deployment}.`);
    await awaitFollowers(context, [deployment]);
    return presentDeployment(deployment, { nodes, authors: await namesOf(context, [deployment]) });
  });
  serve(app, context, deployments.cancelDeployment, async (call) => {
    const { id } = await accessApplication(context, call, 'application:operate');
    const { deployment } = call.params;
    await cancelDeployment(context, { applicationId: id, deployment, by: byUser(call.user.id) });
    return {};
  });
  instanceRoutes(app, context);
}

function instanceRoutes(app: FastifyInstance, context: HttpContext): void {
  const { database } = context;
  serve(app, context, deployments.deploy, async (call) => {
    const { id, ownerId } = await accessApplication(context, call, 'application:operate');
    const { commit, useCache, cause = 'Console' } = call.query;
    if (commit !== undefined) await demandCommit(context, id, commit);
    const deploymentId = await deployApplication(context, {
      applicationId: id,
      ownerId,
      commitId: commit,
      cause,
      useCache: useCache !== 'no' && useCache !== 'false',
      authorId: call.user.id,
    });
    return { deploymentId };
  });
  serve(app, context, deployments.stop, async (call) => {
    const { id } = await accessApplication(context, call, 'application:operate');
    await stopApplication(context, { applicationId: id, authorId: call.user.id });
    return {};
  });
  serve(app, context, deployments.listInstances, async (call) => {
    const { id, kind } = await accessApplication(context, call, 'application:read');
    const numbered = new Map(
      (await listDeployments(database.read, id, ALL)).map((one) => [one.id, one]),
    );
    return (await listInstances(database.read, id)).map((instance) => ({
      id: instance.id,
      state: instanceState(instance, kind),
      flavor: { name: instance.flavor },
      commit: numbered.get(instance.deploymentId)?.commitId ?? null,
      instanceNumber: instance.number,
      displayName: instance.name,
      ip: instance.endpointHost,
      appPort: instance.endpointPort,
      deployId: instance.deploymentId,
      deployNumber: numbered.get(instance.deploymentId)?.number ?? 0,
      creationDate: instance.createdAt,
    }));
  });
}

/** What the authors of deployments are called. */
const namesOf = ({ database }: HttpContext, all: readonly Deployment[]) =>
  listNames(database.read, [...new Set(all.flatMap(({ authorId }) => authorId ?? []))]);

async function demandCommit(
  context: HttpContext,
  applicationId: string,
  commitId: string,
): Promise<void> {
  const known =
    /^[0-9a-f]{40}$/.test(commitId) && (await context.hasCommit({ applicationId, commitId }));
  if (known) return;
  throw new Refusal('invalid', `The repository has no commit ${JSON.stringify(commitId)}.`, {
    commit: 'must be the full id (40 hexadecimal digits) of a commit that was pushed',
  });
}
