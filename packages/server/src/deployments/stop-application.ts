import { recordApplicationEvent } from '../applications/application-event.ts';
import { byAuthor } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import type { ApplicationId, UserId } from '../lib/ids.ts';
import { cancelRequested } from '../runs/stop-run.ts';
import { begin, transition } from '../states/transition.ts';
import type { Database, Tx } from '../store/database.ts';
import { wantGone } from '../workloads/want-gone.ts';
import { wantApplication } from '../applications/update-application.ts';
import { findApplication } from '../applications/application-store.ts';
import type { Application } from '../applications/application.ts';
import { deploymentMachine } from './deployment.ts';
import { insertDeployment, selectLive } from './deployment-store.ts';
import { cancelPending } from './queue-deployment.ts';

type Deps = { database: Database; clock: Clock };

/** Ends everything of the application: what is queued, under way or serving. Stopping twice is fine. */
export const stopApplication = (
  { database, clock }: Deps,
  order: { applicationId: ApplicationId; authorId: UserId | null },
): Promise<void> =>
  database.transaction(async (tx) => {
    const application = await findApplication(tx, order.applicationId);
    if (application === undefined) return;
    const asked = { by: byAuthor(order.authorId), at: clock() };
    if (application.wanted === 'down') return cancelRequested(tx, application.id, asked);
    await endApplication(tx, application, { authorId: order.authorId, at: clock() });
  });

/** The same inside a transaction, for whoever deletes the application. */
export async function endApplication(
  tx: Tx,
  application: Application,
  { authorId, at }: { authorId: UserId | null; at: number },
): Promise<void> {
  await wantApplication(tx, application.id, 'down');
  const by = byAuthor(authorId);
  await cancelPending(tx, application, { by, at });
  await cancelRequested(tx, application.id, { by, at });
  const live = await selectLive(tx, application.id);
  if (live === undefined) return;
  const stopped = { event: 'stopped', facts: { reason: 'stopped' }, by, at } as const;
  await transition(tx, deploymentMachine, live, stopped);
  await wantGone(tx, { applicationId: application.id }, at);
  const undeployment = {
    ownerId: application.ownerId,
    applicationId: application.id,
    commitId: live.commitId,
    action: 'UNDEPLOY',
    cause: 'Console',
    authorId,
    useCache: true,
    status: 'completed',
    at,
  } as const;
  const id = await insertDeployment(tx, undeployment);
  const made = { ...undeployment, id, reason: null, detail: null };
  await begin(tx, deploymentMachine, [made], { event: 'undeployed', by, at });
  const { commitId, action, cause } = undeployment;
  const data = { deploymentId: id, commitId, action, cause };
  await recordApplicationEvent(tx, application, { kind: 'application.stopped', by, at, data });
}
