import type { Kysely } from 'kysely';
import { newId } from '../lib/ids.ts';
import type { ApplicationId, DeploymentId, RunId, WorkloadId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { Run } from './run.ts';

const columns = [
  'id',
  'owner_id as ownerId',
  'application_id as applicationId',
  'deployment_id as deploymentId',
  'commit_id as commitId',
  'artifact_id as artifactId',
  'command',
  'environment_hash as environmentHash',
  'flavor',
  'nodes',
  'wanted',
  'status',
  'reason',
  'detail',
  'exit_code as exitCode',
  'created_at as createdAt',
  'started_at as startedAt',
  'finished_at as finishedAt',
] as const;

export type NewRun = Pick<
  Run,
  | 'ownerId'
  | 'applicationId'
  | 'deploymentId'
  | 'commitId'
  | 'artifactId'
  | 'command'
  | 'environmentHash'
  | 'flavor'
  | 'nodes'
> & { at: number };

export async function insertRun(tx: Tx, run: NewRun): Promise<RunId> {
  const id = newId('run');
  await tx
    .insertInto('runs')
    .values({
      id,
      owner_id: run.ownerId,
      application_id: run.applicationId,
      deployment_id: run.deploymentId,
      commit_id: run.commitId,
      artifact_id: run.artifactId,
      command: run.command,
      environment_hash: run.environmentHash,
      flavor: run.flavor,
      nodes: run.nodes,
      wanted: 'proceed',
      status: 'waiting',
      reason: null,
      detail: null,
      exit_code: null,
      created_at: run.at,
      started_at: null,
      finished_at: null,
    })
    .execute();
  return id;
}

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
      exit_code: null,
      created_at: attempt.at,
      started_at: null,
      finished_at: null,
    })
    .execute();

export const findRun = (
  db: Kysely<Schema>,
  applicationId: ApplicationId,
  id: RunId,
): Promise<Run | undefined> =>
  db
    .selectFrom('runs')
    .select(columns)
    .where('application_id', '=', applicationId)
    .where('id', '=', id)
    .executeTakeFirst();

/** The run that a Runner's deployment made, or undefined. */
export const findRunOf = (
  db: Kysely<Schema>,
  deploymentId: DeploymentId,
): Promise<Run | undefined> =>
  db
    .selectFrom('runs')
    .select(columns)
    .where('deployment_id', '=', deploymentId)
    .executeTakeFirst();

/** The newest first. */
export const selectRuns = (
  db: Kysely<Schema>,
  applicationId: ApplicationId,
  limit: number,
): Promise<Run[]> =>
  db
    .selectFrom('runs')
    .select(columns)
    .where('application_id', '=', applicationId)
    .orderBy('created_at', 'desc')
    .limit(limit)
    .execute();

/** The run and its present attempt compute from now on; too late is fine. */
export async function setRunning(tx: Tx, id: RunId, at: number): Promise<void> {
  const running = { status: 'running', started_at: at } as const;
  await tx
    .updateTable('runs')
    .set(running)
    .where('id', '=', id)
    .where('status', '=', 'waiting')
    .execute();
  await tx
    .updateTable('attempts')
    .set(running)
    .where('run_id', '=', id)
    .where('status', '=', 'waiting')
    .execute();
}

type End = {
  status: 'succeeded' | 'failed' | 'cancelled';
  reason: string | null;
  detail: string | null;
  exitCode: number | null;
  at: number;
};

/** The run and its present attempt are over; too late is fine. */
export async function setEnded(tx: Tx, id: RunId, end: End): Promise<void> {
  const over = {
    status: end.status,
    reason: end.reason,
    exit_code: end.exitCode,
    finished_at: end.at,
  };
  await tx
    .updateTable('runs')
    .set({ ...over, detail: end.detail })
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .execute();
  await tx
    .updateTable('attempts')
    .set(over)
    .where('run_id', '=', id)
    .where('finished_at', 'is', null)
    .execute();
}
