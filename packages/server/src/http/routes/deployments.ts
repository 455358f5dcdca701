import { deployments } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { listNames } from '../../accounts/account-store.ts';
import { awaitFollowers } from '../await-followers.ts';
import { cancelDeployment } from '../../deployments/cancel-deployment.ts';
import { deployApplication } from '../../deployments/deploy-application.ts';
import type { Deployment } from '../../deployments/deployment.ts';
import { findDeployment, listDeployments } from '../../deployments/list-deployments.ts';
import { stopApplication } from '../../deployments/stop-application.ts';
import { Refusal } from '../../lib/refusal.ts';
import type { Followers } from '../../logs/followers.ts';
import { presentDeployment } from '../present/deployment.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';

type DeploymentNeeds = Serving & {
  followers: Followers;
  hasCommit(from: { applicationId: string; commitId: string }): Promise<boolean>;
};

/** Deploying, stopping, and how it stands. */
export function deploymentRoutes(app: FastifyInstance, needs: DeploymentNeeds): void {
  const { database } = needs;
  serve(app, needs, deployments.deploy, async ({ application, user, query }) => {
    const { id, ownerId } = application;
    const { commit, useCache, cause = 'Console' } = query;
    if (commit !== undefined) await requireCommit(needs, id, commit);
    const deploymentId = await deployApplication(needs, {
      applicationId: id,
      ownerId,
      commitId: commit,
      cause,
      useCache: useCache !== 'no' && useCache !== 'false',
      authorId: user.id,
    });
    return { deploymentId };
  });
  serve(app, needs, deployments.stop, async ({ application, user }) => {
    const { id } = application;
    await stopApplication(needs, { applicationId: id, authorId: user.id });
    return {};
  });
  serve(app, needs, deployments.listDeployments, async ({ application, query }) => {
    const { id, nodes } = application;
    const { limit = ALL, offset = 0, action } = query;
    const all = await listDeployments(database.read, id, ALL);
    await awaitFollowers(needs, all);
    const asked = all
      .filter((one) => action === undefined || one.action === action)
      .slice(offset, offset + limit);
    const authors = await namesOf(needs, asked);
    return asked.map((one) => presentDeployment(one, { nodes, authors }));
  });
  serve(app, needs, deployments.getDeployment, async ({ application, params }) => {
    const { id, nodes } = application;
    const deployment = await findDeployment(database.read, id, params.deployment);
    if (deployment === undefined)
      throw new Refusal('not_found', `There is no deployment ${params.deployment}.`);
    await awaitFollowers(needs, [deployment]);
    return presentDeployment(deployment, { nodes, authors: await namesOf(needs, [deployment]) });
  });
  serve(app, needs, deployments.cancelDeployment, async ({ application, params, by }) => {
    const { id: applicationId } = application;
    await cancelDeployment(needs, { applicationId, deployment: params.deployment, by });
    return {};
  });
}

const ALL = 1_000;

/** What the authors of deployments are called. */
const namesOf = ({ database }: DeploymentNeeds, all: readonly Deployment[]) =>
  listNames(database.read, [...new Set(all.flatMap(({ authorId }) => authorId ?? []))]);

async function requireCommit(
  needs: DeploymentNeeds,
  applicationId: string,
  commitId: string,
): Promise<void> {
  const known =
    /^[0-9a-f]{40}$/.test(commitId) && (await needs.hasCommit({ applicationId, commitId }));
  if (known) return;
  throw new Refusal('invalid', `The repository has no commit ${JSON.stringify(commitId)}.`, {
    commit: 'must be the full id (40 hexadecimal digits) of a commit that was pushed',
  });
}
