import { deployments } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { listNames } from '../../accounts/list-names.ts';
import { cancelDeployment } from '../../deployments/cancel-deployment.ts';
import type { Deployment } from '../../deployments/deployment.ts';
import { deployApplication } from '../../deployments/deploy-application.ts';
import { findDeployment, listDeployments } from '../../deployments/list-deployments.ts';
import { stopApplication } from '../../deployments/stop-application.ts';
import { Refusal } from '../../lib/refusal.ts';
import { listInstances } from '../../workloads/list-instances.ts';
import { findDeployments } from '../../runs/find-deployments.ts';
import type { HttpContext } from '../context.ts';
import { instanceState, presentDeployment } from '../present/deployment.ts';
import { serve } from '../serve.ts';
import { awaitFollowers } from './await-followers.ts';

const ALL = 1_000;

/** Deploying, stopping, and how it stands. */
export function deploymentRoutes(app: FastifyInstance, context: HttpContext): void {
  const { database } = context;
  serve(app, context, deployments.listDeployments, async ({ application, query }) => {
    const { id, nodes } = application;
    const { limit = ALL, offset = 0, action } = query;
    const all = await listDeployments(database.read, id, ALL);
    await awaitFollowers(context, all);
    const asked = all
      .filter((one) => action === undefined || one.action === action)
      .slice(offset, offset + limit);
    const authors = await namesOf(context, asked);
    return asked.map((one) => presentDeployment(one, { nodes, authors }));
  });
  serve(app, context, deployments.getDeployment, async ({ application, params }) => {
    const { id, nodes } = application;
    const deployment = await findDeployment(database.read, id, params.deployment);
    if (deployment === undefined)
      throw new Refusal('not_found', `There is no deployment ${params.deployment}.`);
    await awaitFollowers(context, [deployment]);
    return presentDeployment(deployment, { nodes, authors: await namesOf(context, [deployment]) });
  });
  serve(app, context, deployments.cancelDeployment, async ({ application, params, by }) => {
    const { id: applicationId } = application;
    await cancelDeployment(context, { applicationId, deployment: params.deployment, by });
    return {};
  });
  instanceRoutes(app, context);
}

function instanceRoutes(app: FastifyInstance, context: HttpContext): void {
  const { database } = context;
  serve(app, context, deployments.deploy, async ({ application, user, query }) => {
    const { id, ownerId } = application;
    const { commit, useCache, cause = 'Console' } = query;
    if (commit !== undefined) await demandCommit(context, id, commit);
    const deploymentId = await deployApplication(context, {
      applicationId: id,
      ownerId,
      commitId: commit,
      cause,
      useCache: useCache !== 'no' && useCache !== 'false',
      authorId: user.id,
    });
    return { deploymentId };
  });
  serve(app, context, deployments.stop, async ({ application, user }) => {
    const { id } = application;
    await stopApplication(context, { applicationId: id, authorId: user.id });
    return {};
  });
  serve(app, context, deployments.listInstances, async ({ application }) => {
    const { id, kind } = application;
    const numbered = new Map(
      (await listDeployments(database.read, id, ALL)).map((one) => [one.id, one]),
    );
    const instances = await listInstances(database.read, id);
    const deploymentOf = await findDeployments(database.read, instances);
    const found = instances.map((instance) => ({ instance, deployId: deploymentOf(instance) }));
    return found.map(({ instance, deployId }) => ({
      id: instance.id,
      state: instanceState(instance, kind),
      flavor: { name: instance.flavor },
      commit: numbered.get(deployId)?.commitId ?? null,
      instanceNumber: instance.number,
      displayName: instance.name,
      ip: instance.endpointHost,
      appPort: instance.endpointPort,
      deployId,
      deployNumber: numbered.get(deployId)?.number ?? 0,
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
