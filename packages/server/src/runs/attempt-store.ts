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
      runId: attempt.runId,
      number: attempt.number,
      workloadId: attempt.workloadId,
      status: 'waiting',
      reason: null,
      detail: null,
      exitCode: null,
      ending: null,
      startAfter: null,
      createdAt: attempt.at,
      startedAt: null,
      finishedAt: null,
    })
    .execute();

/** In their order. */
export const selectAttempts = (db: Kysely<Schema>, runId: RunId): Promise<Attempt[]> =>
  db
    .selectFrom('attempts')
    .select([
      'runId',
      'number',
      'workloadId',
      'status',
      'reason',
      'detail',
      'exitCode',
      'ending',
      'startAfter',
      'createdAt',
      'startedAt',
      'finishedAt',
    ])
    .where('runId', '=', runId)
    .orderBy('number')
    .execute();

/** The number of the attempt that the workload keeps. */
export async function findAttemptNumber(db: Kysely<Schema>, workloadId: WorkloadId) {
  const row = await db
    .selectFrom('attempts')
    .select('number')
    .where('workloadId', '=', workloadId)
    .executeTakeFirst();
  return row?.number;
}

/** The present attempt computes from now on. */
export const setAttemptRunning = (tx: Tx, runId: RunId, at: number) =>
  tx
    .updateTable('attempts')
    .set({ status: 'running', startedAt: at })
    .where('runId', '=', runId)
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
    .where('runId', '=', runId)
    .where('finishedAt', 'is', null)
    .execute();

/** The present attempt is over; the next one may be queued at `startAfter`, where there is to be one. */
export const setAttemptEnded = (tx: Tx, runId: RunId, end: RunEnd & { startAfter?: number }) =>
  tx
    .updateTable('attempts')
    .set({
      status: end.status,
      reason: end.reason,
      detail: end.detail,
      exitCode: end.exitCode,
      finishedAt: end.at,
      startAfter: end.startAfter ?? null,
    })
    .where('runId', '=', runId)
    .where('finishedAt', 'is', null)
    .execute();
