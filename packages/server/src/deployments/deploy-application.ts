import type { Clock } from '../lib/clock.ts';
import type { ApplicationId, DeploymentId, OwnerId, UserId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { requireRoom } from '../limits/require-room.ts';
import type { Database, Reader } from '../store/database.ts';
import { findApplication } from '../applications/application-store.ts';
import { countQueued, selectLastDeployedCommit } from './deployment-store.ts';
import { joinQueued, queueDeployment } from './queue-deployment.ts';

type Deps = { database: Database; clock: Clock };

type Order = {
  applicationId: ApplicationId;
  ownerId: OwnerId;
  /** A full commit id; without it what `findDeployedCommit` finds. */
  commitId?: string | undefined;
  useCache: boolean;
  cause: string;
  authorId: UserId | null;
};

/**
 * Records that the application is to be deployed; its reconciliation takes it from there.
 * Refuses an application that no commit was ever pushed to.
 */
export const deployApplication = ({ database, clock }: Deps, order: Order): Promise<DeploymentId> =>
  database.transaction(async (tx) => {
    const application = await findApplication(tx, order.applicationId);
    if (application?.ownerId !== order.ownerId)
      throw new Refusal('not_found', `There is no application ${order.applicationId}.`);
    const commitId = order.commitId ?? (await findDeployedCommit(tx, application));
    if (commitId === null)
      throw new Refusal(
        'not_deployed',
        `Nothing was pushed to ${application.name} yet: push a commit first.`,
      );
    const complete = { ...order, commitId, at: clock() };
    const joined = await joinQueued(tx, application, complete);
    if (joined !== undefined) return joined;
    const { ownerId: of } = order;
    await requireRoom(tx, 'queued-deployments', { of, count: () => countQueued(tx, of) });
    return queueDeployment(tx, application, complete);
  });

/** What a restart deploys: the commit deployed last, else the head of the branch; null before the first push. */
export const findDeployedCommit = async (
  db: Reader,
  { id, headCommit }: { id: ApplicationId; headCommit: string | null },
): Promise<string | null> => (await selectLastDeployedCommit(db, id)) ?? headCommit;
