import { sql } from 'kysely';
import type { Tx } from '../database.ts';

/** Devices and who holds them, the order of what waits, and runs that were asked for beside deployments. */
export async function up(tx: Tx): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(tx);
}

const statements: readonly string[] = [
  `create table devices (
    uuid text primary key,
    host text not null,
    model text not null,
    memory_mib integer not null,
    position integer not null,
    numa integer,
    parent_uuid text,
    driver text,
    files text not null,
    health text not null,
    reason text,
    detail text,
    health_since bigint not null,
    first_seen_at bigint not null,
    repaired_at bigint
  )`,
  `create table leases (
    device_uuid text not null references devices,
    workload_id text not null references workloads,
    owner_id text not null,
    application_id text not null,
    number integer not null,
    acquired_at bigint not null,
    ended_at bigint,
    detail text,
    released_at bigint,
    primary key (device_uuid, workload_id)
  )`,
  // nobody can hold what somebody holds
  'create unique index leases_that_hold on leases (device_uuid) where released_at is null',
  'create index leases_by_workload_id on leases (workload_id)',
  `alter table workloads add column gpus integer not null default 0`,
  `alter table workloads add column device_class text`,
  `alter table workloads add column queue_at bigint not null default 0`,
  `alter table workloads add column estimate bigint`,
  `alter table workloads add column max_duration bigint`,
  `alter table workloads add column promised_at bigint`,
  `alter table workloads add column expected_at bigint`,
  `alter table workloads add column placement text`,
  `alter table workloads add column addresses text`,
  `update workloads set queue_at = created_at, placement = '[]'`,
  'create index workloads_by_state_queue_at on workloads (state, queue_at, id)',
  `alter table runs add column origin text not null default 'deployment'`,
  `alter table runs add column author_id text`,
  `alter table runs add column argv text`,
  `alter table runs add column environment text`,
  `alter table runs add column changed text`,
  `alter table runs add column priority text not null default 'normal'`,
  `alter table runs add column max_duration bigint`,
  `alter table runs add column retries integer`,
  `alter table runs add column rerun_of text`,
  'create index runs_by_application_id_status on runs (application_id, status)',
  `alter table attempts add column detail text`,
  `alter table attempts add column ending text`,
  `alter table attempts add column start_after bigint`,
  `alter table instances add column run_id text`,
  `update instances set run_id = (select run_id from workloads where workloads.id = instances.workload_id)`,
];
