import { PLATFORM } from '../events/actor.ts';
import type { Actor } from '../events/actor.ts';
import { appendEvent } from '../events/append.ts';
import type { EventKind } from '../events/event.ts';
import type { Tx } from '../store/database.ts';
import type { Run } from './run.ts';

type RunEventKind = Extract<EventKind, `run.${string}`>;

/** Records that something became of a run, in the transaction that made it so. */
export const recordRunEvent = (
  tx: Tx,
  { id, ownerId, applicationId, deploymentId, commitId, origin }: Run,
  { kind, by = PLATFORM, at }: { kind: RunEventKind; by?: Actor; at: number },
): Promise<void> =>
  appendEvent(tx, {
    ownerId,
    applicationId,
    subjectId: id,
    kind,
    by,
    at,
    data: { runId: id, deploymentId, commitId, origin },
  });
