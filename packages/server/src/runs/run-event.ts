import type { Actor } from '../events/actor.ts';
import { appendEvent } from '../events/append.ts';
import type { Tx } from '../store/database.ts';
import { runMachine } from './run.ts';
import type { Run } from './run.ts';

/** Records that a run is asked to end, in the transaction that asks. */
export function recordCancelAsked(
  tx: Tx,
  run: Run,
  { by, at }: { by: Actor; at: number },
): Promise<void> {
  const { ownerId, applicationId } = run;
  const about = { kind: 'run.cancel_asked', ownerId, applicationId } as const;
  return appendEvent(tx, { ...about, ...runMachine.describe(run), by, at });
}
