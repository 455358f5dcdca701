import { byAuthor } from '../events/actor.ts';
import type { Actor } from '../events/actor.ts';
import type { ApplicationId, DeploymentId, UserId } from '../lib/ids.ts';
import { askForLook } from '../reconcile/looks.ts';
import { begin } from '../states/transition.ts';
import type { Tx } from '../store/database.ts';
import { deploymentMachine } from './deployment.ts';
import type { Deployment } from './deployment.ts';
import { recordCancelAsked } from './deployment-event.ts';
import { wantApplication } from '../applications/update-application.ts';
import type { Application } from '../applications/application.ts';
import { insertDeployment, selectPending, wantCancelled } from './deployment-store.ts';

type Order = {
  commitId: string;
  authorId: UserId | null;
  cause: string;
  useCache: boolean;
  at: number;
};

/**
 * The last that is queued, where it has not begun and would do the same: it will see what there is when it begins.
 * Each of a Runner's is a run of its own.
 */
export async function joinQueued(
  tx: Tx,
  { id, kind }: Pick<Application, 'id' | 'kind'>,
  { commitId, useCache }: Pick<Order, 'commitId' | 'useCache'>,
): Promise<DeploymentId | undefined> {
  const last = kind === 'webapp' ? (await selectPending(tx, id)).at(-1) : undefined;
  if (last?.status !== 'queued' || last.wanted !== 'proceed') return undefined;
  return last.commitId === commitId && last.useCache === useCache ? last.id : undefined;
}

/** Queues a deployment behind those under way, or in their place where the application says so; or joins one. */
export async function queueDeployment(
  tx: Tx,
  application: Application,
  order: Order,
): Promise<DeploymentId> {
  const joined = await joinQueued(tx, application, order);
  if (joined !== undefined) return joined;
  if (application.cancelOnPush)
    await cancelPending(tx, application, { by: byAuthor(order.authorId), at: order.at });
  const { commitId, authorId, cause, useCache, at } = order;
  const deployment = {
    commitId,
    authorId,
    cause,
    useCache,
    at,
    ownerId: application.ownerId,
    applicationId: application.id,
    action: 'DEPLOY',
    status: 'queued',
  } as const;
  const id = await insertDeployment(tx, deployment);
  await wantApplication(tx, application.id, 'up');
  const made = { ...deployment, id, reason: null, detail: null };
  await begin(tx, deploymentMachine, [made], { event: 'queued', by: byAuthor(authorId), at });
  return id;
}

/** Asks everything of the application that is queued or under way to end. */
export async function cancelPending(
  tx: Tx,
  application: Pick<Application, 'id'>,
  { by, at }: { by: Actor; at: number },
): Promise<void> {
  for (const deployment of await selectPending(tx, application.id))
    await askToEnd(tx, deployment, { by, at });
}

/** Asks a deployment that is queued or under way to end; to ask again changes nothing. */
export async function askToEnd(
  tx: Tx,
  deployment: Deployment,
  { by, at }: { by: Actor; at: number },
): Promise<void> {
  if (deployment.wanted === 'cancel') return;
  await wantCancelled(tx, deployment.id);
  await askForLook(tx, 'deployment', deployment.id, at);
  await recordCancelAsked(tx, deployment, { by, at });
}

/** Asks for a look at what is queued or under way: something it may wait for has changed. */
export async function requestPending(
  tx: Tx,
  applicationId: ApplicationId,
  at: number,
): Promise<void> {
  for (const { id } of await selectPending(tx, applicationId))
    await askForLook(tx, 'deployment', id, at);
}
