import type { Actor } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import type { DeploymentStatus } from '../store/schema.ts';
import type { Database } from '../store/database.ts';
import { findDeployment } from './list-deployments.ts';
import { askToEnd } from './queue-deployment.ts';

/** How it stands where it is too late to cancel it. */
const SETTLED: Partial<Record<DeploymentStatus, string>> = {
  live: 'is live: stop its application to end what serves, or deploy another commit.',
  completed: 'is over: it did what it was for.',
  superseded: 'is over: it was live, and serves no more.',
  failed: 'is over: it failed.',
  cancelled: 'is over: it was cancelled.',
};

type Deps = { database: Database; clock: Clock };

/** Asks a deployment to end; what served before goes on serving. Refuses one that is over. */
export const cancelDeployment = (
  { database, clock }: Deps,
  order: { applicationId: ApplicationId; deployment: string; by: Actor },
): Promise<void> =>
  database.transaction(async (tx) => {
    const deployment = await findDeployment(tx, order.applicationId, order.deployment);
    if (deployment === undefined)
      throw new Refusal('not_found', `There is no deployment ${order.deployment}.`);
    const why = SETTLED[deployment.status];
    if (why !== undefined) throw new Refusal('conflict', `Deployment ${deployment.id} ${why}`);
    await askToEnd(tx, deployment, { by: order.by, at: clock() });
  });
