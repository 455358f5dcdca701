import type { Clock } from '../lib/clock.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { request } from '../reconcile/queue.ts';
import type { RunStatus } from '../store/schema.ts';
import type { Database, Tx } from '../store/database.ts';
import type { Run } from './run.ts';
import { findRunById, selectRequested, wantRunCancelled } from './run-store.ts';

type Deps = { database: Database; clock: Clock };

const HOW: Partial<Record<RunStatus, string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'was cancelled',
};

/** Asks a run to end: its nodes get TERM, and KILL when their time is over. Refuses one that is over. */
export const stopRun = ({ database, clock }: Deps, run: Run): Promise<void> =>
  database.transaction(async (tx) => {
    if (!(await wantRunCancelled(tx, run.id))) {
      const { status } = (await findRunById(tx, run.id)) ?? run;
      throw new Refusal('conflict', `Run ${run.id} is over: it ${HOW[status] ?? 'has ended'}.`);
    }
    await request(tx, 'run', run.id, clock());
  });

/** Asks every run of the application that goes on beside its deployments to end. */
export async function cancelRequested(
  tx: Tx,
  applicationId: ApplicationId,
  at: number,
): Promise<void> {
  for (const { id } of await selectRequested(tx, applicationId)) {
    await wantRunCancelled(tx, id);
    await request(tx, 'run', id, at);
  }
}
