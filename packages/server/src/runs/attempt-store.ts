import type { ApplicationId, RunId, WorkloadId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import { attemptMachine } from './run.ts';
import type { NewRow } from '../store/schema.ts';
import type { Attempt } from './run.ts';

/** The next try of a run, kept by `workloadId`. */
export const insertAttempt = (
  tx: Tx,
  attempt: Pick<NewRow<'attempts'>, 'runId' | 'number' | 'workloadId' | 'createdAt'>,
) =>
  tx
    .insertInto('attempts')
    .values({ ...attempt, status: attemptMachine.begins.queued })
    .execute();

/** In their order. */
export const listAttempts = (db: Reader, runId: RunId): Promise<Attempt[]> =>
  db.selectFrom('attempts').selectAll().where('runId', '=', runId).orderBy('number').execute();

/** The number of the attempt that the workload keeps. */
export async function findAttemptNumber(db: Reader, workloadId: WorkloadId) {
  const row = await db
    .selectFrom('attempts')
    .select('number')
    .where('workloadId', '=', workloadId)
    .executeTakeFirst();
  return row?.number;
}

/** How long the last attempts of the application that succeeded held their capacity, the newest first, in ms: of a size, or of any. */
export async function selectPastDurations(
  db: Reader,
  { applicationId, flavor }: { applicationId: ApplicationId; flavor: string | undefined },
  limit: number,
): Promise<number[]> {
  const rows = await db
    .selectFrom('workloads as w')
    .innerJoin('attempts as a', 'a.workloadId', 'w.id')
    .select(['w.admittedAt as from', 'a.finishedAt as to'])
    .where('w.applicationId', '=', applicationId)
    .where('a.status', '=', 'succeeded')
    .$if(flavor !== undefined, (query) => query.where('w.flavor', '=', flavor ?? ''))
    .orderBy('a.finishedAt', 'desc')
    .limit(limit)
    .execute();
  return rows.flatMap(({ from, to }) => (from === null || to === null ? [] : [to - from]));
}

/** More than so many are not read at once: the oldest are left out. */
const MOST_PAST = 100_000;

/** What ran and came since then, each attempt by itself, the oldest first; times in ms. */
export async function listPastRuns(db: Reader, since: number) {
  const rows = await db
    .selectFrom('workloads as w')
    .innerJoin('attempts as a', 'a.workloadId', 'w.id')
    .select(['w.createdAt', 'w.admittedAt as from', 'a.finishedAt as to'])
    .select(['w.estimate', 'w.nodes', 'w.gpus', 'w.memoryMiB as memory'])
    .select('w.deviceClass as class')
    .where('w.createdAt', '>=', since)
    .where('w.admittedAt', 'is not', null)
    .where('a.finishedAt', 'is not', null)
    .orderBy('w.createdAt', 'desc')
    .limit(MOST_PAST)
    .execute();
  return rows
    .map(({ from, to, ...run }) => ({ ...run, duration: Math.max(0, (to ?? 0) - (from ?? 0)) }))
    .toReversed();
}
