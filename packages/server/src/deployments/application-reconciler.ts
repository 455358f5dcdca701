import { recordApplicationEvent } from '../applications/application-event.ts';
import { keepName } from '../billing/meter.ts';
import { PLATFORM } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import { holdClaim, askForLook } from '../reconcile/looks.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import { listLeases } from '../devices/lease-store.ts';
import type { Database, Tx } from '../store/database.ts';
import { presentWorkloads } from '../workloads/workload-store.ts';
import { findDeploying } from '../applications/application-store.ts';
import { selectPending } from './deployment-store.ts';
import { forgetVariables } from './forget-variables.ts';
import { requestPending } from './queue-deployment.ts';
import { endApplication } from './stop-application.ts';

type Deps = {
  database: Database;
  clock: Clock;
  /** Deletes the application's row, and all that go with it. */
  eraseRows(tx: Tx, id: ApplicationId): Promise<void>;
  /** Removes what the application keeps outside the database: repository, artifacts, logs. */
  eraseFiles(application: { id: ApplicationId; ownerId: OwnerId }): Promise<void>;
};

/** Lets what waits go on when something of the application ended, and erases one that was deleted. */
export const applicationReconciler =
  ({ database, clock, eraseRows, eraseFiles }: Deps): Reconciler =>
  async (claim) => {
    const id = claim.id as ApplicationId;
    const application = await findDeploying(database.read, id);
    if (application === undefined) return undefined;
    const busy =
      (await presentWorkloads(database.read, id)).length > 0 ||
      (await selectPending(database.read, id)).length > 0 ||
      (await listLeases(database.read)).some(({ applicationId }) => applicationId === id);
    if (application.deletedAt !== null && !busy) await eraseFiles(application);
    await database.transaction(async (tx) => {
      await holdClaim(tx, claim);
      if (application.deletedAt === null) return goOn(tx, id, clock());
      if (busy) return endApplication(tx, application, { authorId: null, at: clock() });
      await keepName(tx, application);
      await eraseRows(tx, id);
      const event = { kind: 'application.erased', by: PLATFORM, at: clock(), data: {} } as const;
      return recordApplicationEvent(tx, application, event);
    });
    return undefined;
  };

/** What waits is looked at; what is over forgets its variables, a part at a time. */
async function goOn(tx: Tx, id: ApplicationId, now: number): Promise<void> {
  await requestPending(tx, id, now);
  if (!(await forgetVariables(tx, id))) await askForLook(tx, 'application', id, now);
}
