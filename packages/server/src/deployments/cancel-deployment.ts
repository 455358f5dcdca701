import type { Actor } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Database } from '../store/database.ts';
import { isSettled } from './deployment.ts';
import { findDeployment } from './list-deployments.ts';
import { askToEnd } from './queue-deployment.ts';

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
    if (isSettled(deployment.status))
      throw new Refusal(
        'conflict',
        `Deployment ${deployment.id} is over: it ${deployment.status}.`,
      );
    await askToEnd(tx, deployment, { by: order.by, at: clock() });
  });
