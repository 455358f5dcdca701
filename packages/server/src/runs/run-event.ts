import { appendEvent } from '../events/append.ts';
import type { Tx } from '../store/database.ts';
import type { Run } from './run.ts';

/** Records that something became of a run, in the transaction that made it so. */
export const recordRunEvent = (
  tx: Tx,
  { id, ownerId, applicationId, deploymentId, commitId, origin }: Run,
  { kind, at }: { kind: string; at: number },
): Promise<void> =>
  appendEvent(tx, {
    ownerId,
    applicationId,
    kind,
    at,
    data: { runId: id, deploymentId, commitId, origin },
  });
