import type { ApplicationId, DeploymentId, UserId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Tx } from '../store/database.ts';
import { queueDeployment } from './queue-deployment.ts';
import { findApplication } from '../applications/application-store.ts';

/** Records that a pushed commit is to be deployed; in the transaction that records the head as seen. */
export async function recordHead(
  tx: Tx,
  head: {
    applicationId: ApplicationId;
    commitId: string;
    authorId: UserId | null;
    cause: string;
    at: number;
  },
): Promise<DeploymentId> {
  const application = await findApplication(tx, head.applicationId);
  if (application === undefined)
    throw new Refusal('not_found', `There is no application ${head.applicationId}.`);
  return queueDeployment(tx, application, { ...head, useCache: true });
}
