import type { Clock } from '../lib/clock.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { request } from '../reconcile/queue.ts';
import type { Database } from '../store/database.ts';
import { isSettled } from './deployment.ts';
import { wantCancelled } from './deployment-store.ts';
import { findDeployment } from './list-deployments.ts';

type Deps = { database: Database; clock: Clock };

/** Asks a deployment to end; what served before goes on serving. Refuses one that is over. */
export const cancelDeployment = (
  { database, clock }: Deps,
  order: { applicationId: ApplicationId; deployment: string },
): Promise<void> =>
  database.transaction(async (tx) => {
    const deployment = await findDeployment(tx, order.applicationId, order.deployment);
    if (deployment === undefined)
      throw new Refusal('not_found', `There is no deployment ${order.deployment}.`);
    if (isSettled(deployment.status))
      throw new Refusal(
        'conflict',
        `Deployment ${deployment.id} is over: it ${deployment.status}.`,
      );
    await wantCancelled(tx, deployment.id);
    await request(tx, 'deployment', deployment.id, clock());
  });
