import type { ExpressionBuilder, Kysely } from 'kysely';
import type { EngineName } from './engine.ts';
import { newId } from '../lib/ids.ts';
import type { ApplicationId, DeploymentId, OwnerId, RunId, WorkloadId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { Workload } from './workload.ts';

export const columns = [
  'id',
  'ownerId',
  'applicationId',
  'deploymentId',
  'runId',
  'kind',
  'engine',
  'flavor',
  'memoryMiB',
  'cpus',
  'gpus',
  'deviceClass',
  'nodes',
  'turnAt',
  'queueAt',
  'estimate',
  'maxDuration',
  'promisedAt',
  'expectedAt',
  'addresses',
  'wanted',
  'graceSeconds',
  'state',
  'reason',
  'detail',
  'createdAt',
  'admittedAt',
  'drainingAt',
] as const;

export type NewWorkload = {
  ownerId: OwnerId;
  applicationId: ApplicationId;
  deploymentId: DeploymentId;
  runId: RunId | null;
  kind: Workload['kind'];
  engine: EngineName;
  flavor: string;
  /** Of each instance. */
  memoryMiB: number;
  cpus: number;
  gpus: number;
  deviceClass: string | null;
  nodes: number;
  turnAt: number;
  queueAt: number;
  estimate: number | null;
  maxDuration: number | null;
  graceSeconds: number;
  at: number;
};

/** A workload that waits for its admission. */
export async function insertWorkload(tx: Tx, workload: NewWorkload): Promise<WorkloadId> {
  const id = newId('workload');
  await tx
    .insertInto('workloads')
    .values({
      id,
      ownerId: workload.ownerId,
      applicationId: workload.applicationId,
      deploymentId: workload.deploymentId,
      runId: workload.runId,
      kind: workload.kind,
      engine: workload.engine,
      flavor: workload.flavor,
      memoryMiB: workload.memoryMiB,
      cpus: workload.cpus,
      gpus: workload.gpus,
      deviceClass: workload.deviceClass,
      nodes: workload.nodes,
      turnAt: workload.turnAt,
      queueAt: workload.queueAt,
      estimate: workload.estimate,
      maxDuration: workload.maxDuration,
      promisedAt: null,
      expectedAt: null,
      placement: null,
      addresses: null,
      wanted: 'up',
      graceSeconds: workload.graceSeconds,
      state: 'waiting',
      reason: null,
      detail: null,
      createdAt: workload.at,
      admittedAt: null,
      drainingAt: null,
      goneAt: null,
    })
    .execute();
  return id;
}

export const findWorkload = (db: Kysely<Schema>, id: WorkloadId): Promise<Workload | undefined> =>
  db.selectFrom('workloads').select(columns).where('id', '=', id).executeTakeFirst();

/** The workloads of an application that are not gone. */
export const selectPresent = (
  db: Kysely<Schema>,
  applicationId: ApplicationId,
): Promise<Workload[]> =>
  db
    .selectFrom('workloads')
    .select(columns)
    .where('applicationId', '=', applicationId)
    .where('state', '!=', 'gone')
    .orderBy('createdAt')
    .execute();

export const setWaitingReason = (
  tx: Tx,
  id: WorkloadId,
  { reason, detail }: { reason: string; detail: string },
) => tx.updateTable('workloads').set({ reason, detail }).where('id', '=', id).execute();

/** What it waited for has come. */
export const clearReason = (tx: Tx, id: WorkloadId) =>
  tx.updateTable('workloads').set({ reason: null, detail: null }).where('id', '=', id).execute();

export const setGone = (tx: Tx, id: WorkloadId, at: number) =>
  tx
    .updateTable('workloads')
    .set({ state: 'gone', goneAt: at })
    .where('id', '=', id)
    .where('state', '!=', 'gone')
    .execute();

export const setDraining = (tx: Tx, id: WorkloadId, at: number) =>
  tx
    .updateTable('workloads')
    .set({ drainingAt: at })
    .where('id', '=', id)
    .where('drainingAt', 'is', null)
    .execute();

/** Those wanted gone from now on, by what they belong to; their ids. */
export async function updateWantedGone(
  tx: Tx,
  of:
    | { workloadId: WorkloadId }
    | { deploymentId: DeploymentId }
    | { applicationId: ApplicationId },
): Promise<WorkloadId[]> {
  const update = tx.updateTable('workloads').set({ wanted: 'gone' }).where('state', '!=', 'gone');
  const mine =
    'workloadId' in of
      ? update.where('id', '=', of.workloadId)
      : 'deploymentId' in of
        ? update.where('deploymentId', '=', of.deploymentId).where(isNoRequest)
        : update.where('applicationId', '=', of.applicationId);
  return (await mine.returning('id').execute()).map(({ id }) => id);
}

/** Runs that were asked for beside a deployment have their own end. */
const isNoRequest = ({ eb, not, exists, selectFrom }: ExpressionBuilder<Schema, 'workloads'>) =>
  not(
    exists(
      selectFrom('runs')
        .select('runs.id')
        .whereRef('runs.id', '=', 'workloads.runId')
        .where('runs.origin', '=', eb.val('request')),
    ),
  );
