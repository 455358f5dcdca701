import type { EngineName } from './engine.ts';
import type { ApplicationId, InstanceId, OwnerId, WorkloadId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import type { NewRow, SubjectKind } from '../store/schema.ts';
import type { SubjectRef } from './subject.ts';
import { instanceMachine } from './machines.ts';
import type { Instance, Workload } from './workload.ts';

export type NewInstance = Pick<
  NewRow<'instances'>,
  'id' | 'number' | 'attempt' | 'name' | 'startAfter'
> & { at: number };

/** Adds instances that are to be started; a number and attempt can be taken once only. */
export const insertInstances = (tx: Tx, workload: Workload, instances: readonly NewInstance[]) =>
  tx
    .insertInto('instances')
    .values(
      instances.map(({ at, ...made }) => ({
        ...made,
        workloadId: workload.id,
        ownerId: workload.ownerId,
        applicationId: workload.applicationId,
        subjectKind: workload.subjectKind,
        subjectId: workload.subjectId,
        engine: workload.engine,
        flavor: workload.flavor,
        wanted: 'running' as const,
        status: instanceMachine.begins.created,
        createdAt: at,
      })),
    )
    .execute();

export const workloadInstances = (db: Reader, workloadId: WorkloadId): Promise<Instance[]> =>
  db
    .selectFrom('instances')
    .selectAll()
    .where('workloadId', '=', workloadId)
    .orderBy('number')
    .orderBy('attempt')
    .execute();

/** All of an application's that are not over, and those that ended since `endedAfter`. */
export const selectInstancesOf = (
  db: Reader,
  applicationId: ApplicationId,
  endedAfter: number,
): Promise<Instance[]> =>
  db
    .selectFrom('instances')
    .selectAll()
    .where('applicationId', '=', applicationId)
    .where(({ eb, or }) => or([eb('endedAt', 'is', null), eb('endedAt', '>', endedAfter)]))
    .orderBy('createdAt')
    .orderBy('number')
    .execute();

/** Everything of an engine's that is not over, whoever's: to be compared with what the engine has. */
export const selectUnended = (db: Reader, engine: EngineName): Promise<Instance[]> =>
  db
    .selectFrom('instances')
    .selectAll()
    .where('engine', '=', engine)
    .where('status', '!=', 'exited')
    .execute();

export const findInstance = (db: Reader, id: InstanceId): Promise<Instance | undefined> =>
  db.selectFrom('instances').selectAll().where('id', '=', id).executeTakeFirst();

/** Those of an application or an owner that run, of these kinds of subjects. */
export const selectRunning = (
  db: Reader,
  of: { applicationId: ApplicationId } | { ownerId: OwnerId },
  kinds: readonly SubjectKind[],
): Promise<Instance[]> =>
  db
    .selectFrom('instances')
    .selectAll()
    .where(({ eb }) =>
      'ownerId' in of ? eb('ownerId', '=', of.ownerId) : eb('applicationId', '=', of.applicationId),
    )
    .where('subjectKind', 'in', kinds)
    .where('status', '!=', 'exited')
    .where('startedAt', 'is not', null)
    .orderBy('number')
    .orderBy('createdAt')
    .execute();

/** All of a subject's, whether they are over or not. */
export const subjectInstances = (
  db: Reader,
  { subjectKind, subjectId }: SubjectRef,
): Promise<Instance[]> =>
  db
    .selectFrom('instances')
    .selectAll()
    .where('subjectKind', '=', subjectKind)
    .where('subjectId', '=', subjectId)
    .orderBy('createdAt')
    .orderBy('number')
    .execute();

/** Of the number's attempts none but this one is to run. */
export const setReplaced = (
  tx: Tx,
  workloadId: WorkloadId,
  { number, attempt }: { number: number; attempt: number },
) =>
  wantedGone(tx, workloadId).where('number', '=', number).where('attempt', '<', attempt).execute();

/** None of the workload's is to run any more. */
export const setInstancesGone = (tx: Tx, workloadId: WorkloadId) =>
  wantedGone(tx, workloadId).execute();

const wantedGone = (tx: Tx, workloadId: WorkloadId) =>
  tx
    .updateTable('instances')
    .set({ wanted: 'gone' })
    .where('workloadId', '=', workloadId)
    .where('status', '!=', 'exited');
