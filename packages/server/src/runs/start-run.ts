import type { EngineName } from '../workloads/engine.ts';
import { byAuthor } from '../events/actor.ts';
import type { RunId } from '../lib/ids.ts';
import { HISTORY, estimateBy } from '../scheduling/estimate.ts';
import type { Pool } from '../scheduling/pool.ts';
import { begin } from '../states/transition.ts';
import type { Tx } from '../store/database.ts';
import { createWorkload } from '../workloads/create-workload.ts';
import { insertAttempt, selectPastDurations } from './attempt-store.ts';
import { attemptMachine, runMachine } from './run.ts';
import type { NewRun, Run } from './run.ts';
import { insertRun } from './run-store.ts';

/** Between TERM and KILL of a run that is ended: for a last checkpoint. */
const GRACE_SECONDS = 30;

/** A run with its first attempt, waiting for capacity. */
export async function startRun(
  tx: Tx,
  pool: Pick<Pool, 'flavorDevices'>,
  { engine, ...run }: NewRun & { engine: EngineName },
): Promise<RunId> {
  const id = await insertRun(tx, run);
  const { at, authorId = null, maxDuration = null } = run;
  const made = { ...run, id, reason: null, detail: null };
  await begin(tx, runMachine, [made], { event: 'queued', by: byAuthor(authorId), at });
  await queueAttempt(tx, pool, { ...run, maxDuration, createdAt: at }, { number: 1, engine, at });
  return id;
}

/** Queues a run's attempt; it keeps the age of its run. */
export async function queueAttempt(
  tx: Tx,
  pool: Pick<Pool, 'flavorDevices'>,
  run: Pick<
    Run,
    | 'id'
    | 'ownerId'
    | 'applicationId'
    | 'flavor'
    | 'nodes'
    | 'priority'
    | 'maxDuration'
    | 'createdAt'
  >,
  { number, engine, at }: { number: number; engine: EngineName; at: number },
): Promise<void> {
  const { ownerId, applicationId, flavor, nodes, priority, maxDuration } = run;
  const pastOf = (size: string | undefined) =>
    selectPastDurations(tx, { applicationId, flavor: size }, HISTORY);
  const workloadId = await createWorkload(tx, pool, {
    ownerId,
    applicationId,
    subjectKind: 'run',
    subjectId: run.id,
    flavor,
    nodes,
    priority,
    maxDuration,
    engine,
    estimate: await estimateBy(pastOf, flavor, { maxDuration: maxDuration ?? undefined }),
    graceSeconds: GRACE_SECONDS,
    cameAt: run.createdAt,
    at,
  });
  const attempt = { runId: run.id, number, workloadId };
  await insertAttempt(tx, { ...attempt, createdAt: at });
  const made = { ...attempt, ownerId, applicationId, reason: null, detail: null };
  await begin(tx, attemptMachine, [made], { event: 'queued', at });
}
