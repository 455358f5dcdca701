import { sql } from 'kysely';
import type { Tx } from '../database.ts';

/** Every table of the first version. Portable: the same text makes them on SQLite and PostgreSQL. */
export async function up(tx: Tx): Promise<void> {
  for (const statement of statements(isPostgres(tx))) await sql.raw(statement).execute(tx);
  await tx.insertInto('leadership').values({ id: 1, epoch: 0 }).execute();
}

export const isPostgres = (tx: Tx): boolean =>
  tx.getExecutor().adapter.constructor.name.startsWith('Postgres');

/** The one difference: how a number counts by itself. */
const counter = (postgres: boolean): string =>
  postgres ? 'bigserial primary key' : 'integer primary key autoincrement';

const statements = (postgres: boolean): readonly string[] => [
  `create table users (
    id text primary key,
    email text not null,
    name text not null,
    password_hash text,
    operator integer not null,
    created_at bigint not null,
    unique (email)
  )`,
  `create table tokens (
    token text primary key,
    user_id text not null references users,
    secret_hash text not null,
    name text not null,
    created_at bigint not null,
    expires_at bigint
  )`,
  'create index tokens_by_user_id on tokens (user_id)',
  `create table claim_tokens (
    hash text primary key,
    created_at bigint not null,
    used_at bigint
  )`,
  `create table ssh_keys (
    user_id text not null references users,
    name text not null,
    type text not null,
    key text not null,
    fingerprint text not null,
    created_at bigint not null,
    primary key (user_id, name),
    unique (key)
  )`,
  `create table organizations (
    id text primary key,
    name text not null,
    description text not null,
    created_at bigint not null
  )`,
  `create table members (
    organization_id text not null references organizations,
    user_id text not null references users,
    role text not null,
    created_at bigint not null,
    primary key (organization_id, user_id)
  )`,
  'create index members_by_user_id on members (user_id)',
  `create table applications (
    id text primary key,
    owner_id text not null,
    name text not null,
    description text not null,
    zone text not null,
    variant text not null,
    kind text not null,
    flavor text not null,
    build_flavor text,
    nodes integer not null,
    zero_downtime integer not null,
    sticky_sessions integer not null,
    cancel_on_push integer not null,
    force_https integer not null,
    wanted text not null,
    created_at bigint not null,
    deleted_at bigint
  )`,
  'create index applications_by_owner_id_created_at on applications (owner_id, created_at)',
  `create table environment_values (
    application_id text not null references applications,
    name text not null,
    value text not null,
    updated_at bigint not null,
    primary key (application_id, name)
  )`,
  `create table domains (
    host text not null,
    path_prefix text not null,
    application_id text not null references applications,
    favourite integer not null,
    created_at bigint not null,
    primary key (host, path_prefix)
  )`,
  'create index domains_by_application_id on domains (application_id)',
  `create table repositories (
    application_id text primary key references applications,
    seen_commit text,
    seen_refs text not null,
    seen_at bigint,
    pusher_id text
  )`,
  `create table deployments (
    id text primary key,
    owner_id text not null,
    application_id text not null references applications,
    number integer not null,
    commit_id text not null,
    action text not null,
    cause text not null,
    author_id text,
    use_cache integer not null,
    wanted text not null,
    status text not null,
    reason text,
    detail text,
    environment text,
    artifact_id text,
    build_workload_id text,
    created_at bigint not null,
    started_at bigint,
    built_at bigint,
    finished_at bigint,
    unique (application_id, number)
  )`,
  'create index deployments_by_application_id_status on deployments (application_id, status)',
  `create table artifacts (
    id text primary key,
    owner_id text not null,
    application_id text not null references applications,
    commit_id text not null,
    start text not null,
    environment_key text,
    created_at bigint not null,
    used_at bigint not null
  )`,
  'create index artifacts_by_application_id_commit_id on artifacts (application_id, commit_id)',
  `create table runs (
    id text primary key,
    owner_id text not null,
    application_id text not null references applications,
    deployment_id text not null references deployments,
    commit_id text not null,
    artifact_id text not null,
    command text not null,
    environment_hash text not null,
    flavor text not null,
    nodes integer not null,
    wanted text not null,
    status text not null,
    reason text,
    detail text,
    exit_code integer,
    created_at bigint not null,
    started_at bigint,
    finished_at bigint
  )`,
  'create index runs_by_application_id_created_at on runs (application_id, created_at)',
  'create index runs_by_deployment_id on runs (deployment_id)',
  `create table attempts (
    run_id text not null references runs,
    number integer not null,
    workload_id text not null,
    status text not null,
    reason text,
    exit_code integer,
    created_at bigint not null,
    started_at bigint,
    finished_at bigint,
    primary key (run_id, number)
  )`,
  `create table workloads (
    id text primary key,
    owner_id text not null,
    application_id text not null references applications,
    deployment_id text not null references deployments,
    run_id text,
    kind text not null,
    flavor text not null,
    memory_mib integer not null,
    cpus integer not null,
    nodes integer not null,
    wanted text not null,
    grace_seconds integer not null,
    state text not null,
    reason text,
    detail text,
    created_at bigint not null,
    admitted_at bigint,
    draining_at bigint,
    gone_at bigint
  )`,
  'create index workloads_by_state_created_at on workloads (state, created_at)',
  'create index workloads_by_application_id_state on workloads (application_id, state)',
  'create index workloads_by_deployment_id on workloads (deployment_id)',
  `create table instances (
    id text primary key,
    workload_id text not null references workloads,
    owner_id text not null,
    application_id text not null references applications,
    deployment_id text not null references deployments,
    number integer not null,
    attempt integer not null,
    name text not null,
    flavor text not null,
    wanted text not null,
    status text not null,
    endpoint_host text,
    endpoint_port integer,
    exit_code integer,
    signal text,
    reason text,
    detail text,
    start_after bigint,
    created_at bigint not null,
    started_at bigint,
    healthy_at bigint,
    ended_at bigint,
    unique (workload_id, number, attempt)
  )`,
  'create index instances_by_application_id_ended_at on instances (application_id, ended_at)',
  'create index instances_by_deployment_id on instances (deployment_id)',
  'create index instances_by_status on instances (status)',
  `create table reconciliations (
    kind text not null,
    id text not null,
    version integer not null,
    due_at bigint,
    claim text,
    claimed_until bigint,
    epoch integer,
    attempts integer not null,
    primary key (kind, id)
  )`,
  'create index reconciliations_by_due_at on reconciliations (due_at)',
  `create table leadership (
    id integer primary key,
    epoch integer not null
  )`,
  `create table events (
    sequence ${counter(postgres)},
    owner_id text not null,
    application_id text,
    kind text not null,
    at bigint not null,
    data text not null
  )`,
  'create index events_by_owner_id_sequence on events (owner_id, sequence)',
  `create table usage_intervals (
    instance_id text primary key,
    owner_id text not null,
    application_id text not null,
    subject_id text not null,
    instance_number integer not null,
    flavor text not null,
    gpus integer not null,
    micro_euros_per_day bigint not null,
    started_at bigint not null,
    heartbeat_at bigint not null,
    ended_at bigint
  )`,
  'create index usage_intervals_by_owner_id_started_at on usage_intervals (owner_id, started_at)',
];
