import { sql } from 'kysely';
import type { Tx } from '../database.ts';

/** By which what serves, or is built to, went ahead of runs when this was written. */
const YEAR = 365 * 24 * 3_600_000;

/**
 * What operators allow to whom, and what counting needs. A workload has its turn beside its place in the queue, which
 * its priority moves: among owners it is the former that counts.
 */
export async function up(tx: Tx): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(tx);
}

const statements: readonly string[] = [
  `create table limits (
    name text not null,
    subject_id text not null,
    value bigint,
    set_at bigint not null,
    primary key (name, subject_id)
  )`,
  'alter table workloads add column turn_at bigint not null default 0',
  `update workloads set turn_at = created_at - case kind when 'run' then 0 else ${YEAR} end`,
  'drop index workloads_by_state_queue_at',
  'create index workloads_by_state_turn_at on workloads (state, turn_at, id)',
  'create index workloads_out_of_turn on workloads (state, owner_id) where queue_at <> turn_at',
  `create index workloads_that_wait on workloads (owner_id, queue_at, id) where state = 'waiting'`,
  `create index runs_that_wait on runs (owner_id) where status = 'waiting'`,
  `create index deployments_that_wait on deployments (owner_id) where status = 'queued'`,
  `create index deployments_with_variables on deployments (application_id)
    where environment <> ''`,
  `create index runs_with_variables on runs (application_id, created_at)
    where environment <> ''`,
];
