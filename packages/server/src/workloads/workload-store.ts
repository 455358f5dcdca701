import { newId } from '../lib/ids.ts';
import type { ApplicationId, WorkloadId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import type { NewRow, SubjectKind } from '../store/schema.ts';
import type { SubjectRef } from './subject.ts';
import { workloadMachine } from './machines.ts';
import type { Workload } from './workload.ts';

/** What is said of a workload that is made; what became of it comes later. */
export type NewWorkload = NewRow<
  'workloads',
  | 'id'
  | 'promisedAt'
  | 'expectedAt'
  | 'placement'
  | 'addresses'
  | 'wanted'
  | 'state'
  | 'reason'
  | 'detail'
  | 'engineAway'
  | 'createdAt'
  | 'admittedAt'
  | 'drainingAt'
  | 'goneAt'
> & { at: number };

/** A workload that waits for its admission. */
export async function insertWorkload(tx: Tx, { at, ...made }: NewWorkload): Promise<WorkloadId> {
  const id = newId('workload');
  await tx
    .insertInto('workloads')
    .values({
      ...made,
      id,
      wanted: 'up',
      state: workloadMachine.begins.queued,
      createdAt: at,
    })
    .execute();
  return id;
}

export const findWorkload = (db: Reader, id: WorkloadId): Promise<Workload | undefined> =>
  db.selectFrom('workloads').selectAll().where('id', '=', id).executeTakeFirst();

/** The workloads of an application that are not gone. */
export const presentWorkloads = (db: Reader, applicationId: ApplicationId): Promise<Workload[]> =>
  db
    .selectFrom('workloads')
    .selectAll()
    .where('applicationId', '=', applicationId)
    .where('state', '!=', 'gone')
    .orderBy('createdAt')
    .execute();

/** Those wanted gone from now on, by what they belong to; their ids. */
export async function updateWantedGone(
  tx: Tx,
  of: { workloadId: WorkloadId } | { applicationId: ApplicationId } | SubjectRef,
): Promise<WorkloadId[]> {
  const update = tx.updateTable('workloads').set({ wanted: 'gone' }).where('state', '!=', 'gone');
  const mine =
    'workloadId' in of
      ? update.where('id', '=', of.workloadId)
      : 'applicationId' in of
        ? update.where('applicationId', '=', of.applicationId)
        : update.where('subjectKind', '=', of.subjectKind).where('subjectId', '=', of.subjectId);
  return (await mine.returning('id').execute()).map(({ id }) => id);
}

/** The workloads of a subject that are not gone. */
export const subjectWorkloads = (
  db: Reader,
  { subjectKind, subjectId }: SubjectRef,
): Promise<Workload[]> =>
  db
    .selectFrom('workloads')
    .selectAll()
    .where('subjectKind', '=', subjectKind)
    .where('subjectId', '=', subjectId)
    .where('state', '!=', 'gone')
    .execute();

/** How long the last of its kind in the application held their room, the newest first, in ms: of a size, or of any. */
export async function listPastDurations(
  db: Reader,
  of: { applicationId: ApplicationId; subjectKind: SubjectKind; flavor: string | undefined },
  limit: number,
): Promise<number[]> {
  const rows = await db
    .selectFrom('workloads')
    .select(['admittedAt', 'goneAt'])
    .where('applicationId', '=', of.applicationId)
    .where('subjectKind', '=', of.subjectKind)
    .where('state', '=', 'gone')
    .where('admittedAt', 'is not', null)
    .$if(of.flavor !== undefined, (query) => query.where('flavor', '=', of.flavor ?? ''))
    .orderBy('createdAt', 'desc')
    .limit(limit)
    .execute();
  return rows.flatMap(({ admittedAt: from, goneAt: to }) =>
    from === null || to === null ? [] : [to - from],
  );
}

/** How many of one of these sizes there are for anything but runs. */
export const countServing = async (db: Reader, flavor: string): Promise<number> => {
  const row = await db
    .selectFrom('workloads')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('flavor', '=', flavor)
    .where('subjectKind', '<>', 'run')
    .where('state', 'in', ['waiting', 'admitted'])
    .executeTakeFirstOrThrow();
  return Number(row.count);
};
