import type { ExpressionBuilder, Kysely } from 'kysely';
import type { EngineName } from './engine.ts';
import { newId } from '../lib/ids.ts';
import type { ApplicationId, DeploymentId, OwnerId, RunId, WorkloadId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { Workload } from './workload.ts';

export const columns = [
  'id',
  'owner_id as ownerId',
  'application_id as applicationId',
  'deployment_id as deploymentId',
  'run_id as runId',
  'kind',
  'engine',
  'flavor',
  'memory_mib as memoryMiB',
  'cpus',
  'gpus',
  'device_class as deviceClass',
  'nodes',
  'turn_at as turnAt',
  'queue_at as queueAt',
  'estimate',
  'max_duration as maxDuration',
  'promised_at as promisedAt',
  'expected_at as expectedAt',
  'addresses',
  'wanted',
  'grace_seconds as graceSeconds',
  'state',
  'reason',
  'detail',
  'created_at as createdAt',
  'admitted_at as admittedAt',
  'draining_at as drainingAt',
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
      owner_id: workload.ownerId,
      application_id: workload.applicationId,
      deployment_id: workload.deploymentId,
      run_id: workload.runId,
      kind: workload.kind,
      engine: workload.engine,
      flavor: workload.flavor,
      memory_mib: workload.memoryMiB,
      cpus: workload.cpus,
      gpus: workload.gpus,
      device_class: workload.deviceClass,
      nodes: workload.nodes,
      turn_at: workload.turnAt,
      queue_at: workload.queueAt,
      estimate: workload.estimate,
      max_duration: workload.maxDuration,
      promised_at: null,
      expected_at: null,
      placement: null,
      addresses: null,
      wanted: 'up',
      grace_seconds: workload.graceSeconds,
      state: 'waiting',
      reason: null,
      detail: null,
      created_at: workload.at,
      admitted_at: null,
      draining_at: null,
      gone_at: null,
    })
    .execute();
  return id;
}

export const findWorkload = (db: Kysely<Schema>, id: WorkloadId): Promise<Workload | undefined> =>
  db.selectFrom('workloads').select(columns).where('id', '=', id).executeTakeFirst();

/** Those of a deployment that the engine may still keep, or that wait. */
export const selectWorkloadsOf = (
  db: Kysely<Schema>,
  deploymentId: DeploymentId,
): Promise<Workload[]> =>
  db
    .selectFrom('workloads')
    .select(columns)
    .where('deployment_id', '=', deploymentId)
    .where('state', '!=', 'gone')
    .orderBy('created_at')
    .execute();

/** The workloads of an application that are not gone. */
export const selectPresent = (
  db: Kysely<Schema>,
  applicationId: ApplicationId,
): Promise<Workload[]> =>
  db
    .selectFrom('workloads')
    .select(columns)
    .where('application_id', '=', applicationId)
    .where('state', '!=', 'gone')
    .orderBy('created_at')
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
    .set({ state: 'gone', gone_at: at })
    .where('id', '=', id)
    .where('state', '!=', 'gone')
    .execute();

export const setDraining = (tx: Tx, id: WorkloadId, at: number) =>
  tx
    .updateTable('workloads')
    .set({ draining_at: at })
    .where('id', '=', id)
    .where('draining_at', 'is', null)
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
        ? update.where('deployment_id', '=', of.deploymentId).where(isNoRequest)
        : update.where('application_id', '=', of.applicationId);
  return (await mine.returning('id').execute()).map(({ id }) => id);
}

/** Runs that were asked for beside a deployment have their own end. */
const isNoRequest = ({ eb, not, exists, selectFrom }: ExpressionBuilder<Schema, 'workloads'>) =>
  not(
    exists(
      selectFrom('runs')
        .select('runs.id')
        .whereRef('runs.id', '=', 'workloads.run_id')
        .where('runs.origin', '=', eb.val('request')),
    ),
  );
