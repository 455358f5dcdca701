import type { Kysely } from 'kysely';
import type { RunId, WorkloadId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { Attempt } from './run.ts';
import type { RunEnd } from './run-store.ts';

/** The next try of a run, kept by `workloadId`. */
export const insertAttempt = (
  tx: Tx,
  attempt: { runId: RunId; number: number; workloadId: WorkloadId; at: number },
) =>
  tx
    .insertInto('attempts')
    .values({
      run_id: attempt.runId,
      number: attempt.number,
      workload_id: attempt.workloadId,
      status: 'waiting',
      reason: null,
      detail: null,
      exit_code: null,
      ending: null,
      start_after: null,
      created_at: attempt.at,
      started_at: null,
      finished_at: null,
    })
    .execute();

/** In their order. */
export const selectAttempts = (db: Kysely<Schema>, runId: RunId): Promise<Attempt[]> =>
  db
    .selectFrom('attempts')
    .select([
      'run_id as runId',
      'number',
      'workload_id as workloadId',
      'status',
      'reason',
      'detail',
      'exit_code as exitCode',
      'ending',
      'start_after as startAfter',
      'created_at as createdAt',
      'started_at as startedAt',
      'finished_at as finishedAt',
    ])
    .where('run_id', '=', runId)
    .orderBy('number')
    .execute();

/** The number of the attempt that the workload keeps. */
export async function findAttemptNumber(db: Kysely<Schema>, workloadId: WorkloadId) {
  const row = await db
    .selectFrom('attempts')
    .select('number')
    .where('workload_id', '=', workloadId)
    .executeTakeFirst();
  return row?.number;
}

/** The present attempt computes from now on. */
export const setAttemptRunning = (tx: Tx, runId: RunId, at: number) =>
  tx
    .updateTable('attempts')
    .set({ status: 'running', started_at: at })
    .where('run_id', '=', runId)
    .where('status', '=', 'waiting')
    .execute();

/** The platform ends the present attempt, and this is why. */
export const setAttemptEnding = (
  tx: Tx,
  runId: RunId,
  { ending, detail }: { ending: string; detail: string },
) =>
  tx
    .updateTable('attempts')
    .set({ ending, detail })
    .where('run_id', '=', runId)
    .where('finished_at', 'is', null)
    .execute();

/** The present attempt is over; the next one may be queued at `startAfter`, where there is to be one. */
export const setAttemptEnded = (tx: Tx, runId: RunId, end: RunEnd & { startAfter?: number }) =>
  tx
    .updateTable('attempts')
    .set({
      status: end.status,
      reason: end.reason,
      detail: end.detail,
      exit_code: end.exitCode,
      finished_at: end.at,
      start_after: end.startAfter ?? null,
    })
    .where('run_id', '=', runId)
    .where('finished_at', 'is', null)
    .execute();
