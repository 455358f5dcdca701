import type { ApplicationId, UserId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import { findApplication } from '../applications/application-store.ts';
import { selectLive } from './deployment-store.ts';
import { queueDeployment } from './queue-deployment.ts';

/** Deploys what serves once more, as it is built; where nothing serves, nothing happens. */
export async function redeployServing(
  tx: Tx,
  id: ApplicationId,
  order: { authorId: UserId | null; at: number; cause: string },
): Promise<void> {
  const application = await findApplication(tx, id);
  const live = await selectLive(tx, id);
  if (application === undefined || live === undefined) return;
  await queueDeployment(tx, application, { ...order, useCache: true, commitId: live.commitId });
}
