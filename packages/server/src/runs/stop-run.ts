import type { Actor } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { askForLook } from '../reconcile/looks.ts';
import type { RunStatus } from '../store/schema.ts';
import type { Database, Tx } from '../store/database.ts';
import { isOver } from './run.ts';
import type { Run } from './run.ts';
import { recordCancelAsked } from './run-event.ts';
import { findRunById, listRequested, wantRunCancelled } from './run-store.ts';

type Deps = { database: Database; clock: Clock };

const HOW: Partial<Record<RunStatus, string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'was cancelled',
};

/**
 * Asks a run to end: its nodes get TERM, and KILL when their time is over. To ask again changes nothing; one that is
 * over is refused.
 */
export const stopRun = ({ database, clock }: Deps, run: Run, by: Actor): Promise<void> =>
  database.transaction(async (tx) => {
    const { status, wanted } = (await findRunById(tx, run.id)) ?? run;
    if (isOver(status))
      throw new Refusal('conflict', `Run ${run.id} is over: it ${HOW[status] ?? 'has ended'}.`);
    if (wanted !== 'cancel') await askToEnd(tx, run, { by, at: clock() });
  });

async function askToEnd(tx: Tx, run: Run, { by, at }: { by: Actor; at: number }): Promise<void> {
  if (!(await wantRunCancelled(tx, run.id))) return;
  await askForLook(tx, 'run', run.id, at);
  await recordCancelAsked(tx, run, { by, at });
}

/** Asks every run of the application that goes on beside its deployments to end. */
export async function cancelRequested(
  tx: Tx,
  applicationId: ApplicationId,
  { by, at }: { by: Actor; at: number },
): Promise<void> {
  for (const run of await listRequested(tx, applicationId))
    if (run.wanted !== 'cancel') await askToEnd(tx, run, { by, at });
}
