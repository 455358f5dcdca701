import type { Actor } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { request } from '../reconcile/queue.ts';
import type { RunStatus } from '../store/schema.ts';
import type { Database, Tx } from '../store/database.ts';
import type { Run } from './run.ts';
import { recordCancelAsked } from './run-event.ts';
import { findRunById, listRequested, wantRunCancelled } from './run-store.ts';

type Deps = { database: Database; clock: Clock };

const HOW: Partial<Record<RunStatus, string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'was cancelled',
};

/** Asks a run to end: its nodes get TERM, and KILL when their time is over. Refuses one that is over. */
export const stopRun = ({ database, clock }: Deps, run: Run, by: Actor): Promise<void> =>
  database.transaction(async (tx) => {
    if (!(await wantRunCancelled(tx, run.id))) {
      const { status } = (await findRunById(tx, run.id)) ?? run;
      throw new Refusal('conflict', `Run ${run.id} is over: it ${HOW[status] ?? 'has ended'}.`);
    }
    const at = clock();
    await request(tx, 'run', run.id, at);
    await recordCancelAsked(tx, run, { by, at });
  });

/** Asks every run of the application that goes on beside its deployments to end. */
export async function cancelRequested(
  tx: Tx,
  applicationId: ApplicationId,
  { by, at }: { by: Actor; at: number },
): Promise<void> {
  for (const run of await listRequested(tx, applicationId)) {
    if (run.wanted === 'cancel') continue;
    await wantRunCancelled(tx, run.id);
    await request(tx, 'run', run.id, at);
    await recordCancelAsked(tx, run, { by, at });
  }
}
