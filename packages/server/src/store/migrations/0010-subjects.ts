import { sql } from 'kysely';
import type { Tx } from '../database.ts';

/**
 * What a workload is there for becomes a kind and an id, with which its instances, leases and minutes go; the
 * application is what it belongs to where there is one. The tables are made anew, since SQLite cannot take a
 * `not null` from a column, nor away one that another table is named by.
 */
export async function up(tx: Tx): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(tx);
}

const WORKLOAD = `id, owner_id, application_id, engine, flavor, memory_mib, cpus, gpus, device_class, nodes, turn_at,
  queue_at, estimate, max_duration, promised_at, expected_at, placement, addresses, wanted, grace_seconds, state, reason,
  detail, created_at, admitted_at, draining_at, gone_at`;

const INSTANCE = `id, workload_id, owner_id, application_id, number, attempt, name, engine, flavor, wanted, status,
  endpoint_host, endpoint_port, exit_code, signal, reason, detail, start_after, created_at, started_at, healthy_at, ended_at`;

const KIND = `case w.kind when 'webapp' then 'deployment' else w.kind end`;
const SUBJECT = `case w.kind when 'run' then w.run_id else w.deployment_id end`;

const prefixed = (columns: string, table: string): string =>
  columns
    .split(',')
    .map((column) => `${table}.${column.trim()}`)
    .join(', ');

const workloads: readonly string[] = [
  `create table new_workloads (
    id text primary key,
    owner_id text not null,
    application_id text references applications,
    subject_kind text not null,
    subject_id text not null,
    metered integer not null,
    engine text not null,
    flavor text not null,
    memory_mib integer not null,
    cpus integer not null,
    gpus integer not null,
    device_class text,
    nodes integer not null,
    turn_at bigint not null,
    queue_at bigint not null,
    estimate bigint,
    max_duration bigint,
    promised_at bigint,
    expected_at bigint,
    placement text,
    addresses text,
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
  `insert into new_workloads (${WORKLOAD}, subject_kind, subject_id, metered)
    select ${prefixed(WORKLOAD, 'w')}, ${KIND}, ${SUBJECT},
      case when w.kind <> 'build' or a.build_flavor is not null then 1 else 0 end
    from workloads w left join applications a on a.id = w.application_id`,
];

const instances: readonly string[] = [
  `create table new_instances (
    id text primary key,
    workload_id text not null references new_workloads,
    owner_id text not null,
    application_id text references applications,
    subject_kind text not null,
    subject_id text not null,
    number integer not null,
    attempt integer not null,
    name text not null,
    engine text not null,
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
  `insert into new_instances (${INSTANCE}, subject_kind, subject_id)
    select ${prefixed(INSTANCE, 'i')}, ${KIND}, ${SUBJECT}
    from instances i join workloads w on w.id = i.workload_id`,
];

const leases: readonly string[] = [
  `create table new_leases (
    device_uuid text not null references devices,
    workload_id text not null references new_workloads,
    owner_id text not null,
    application_id text,
    subject_kind text not null,
    subject_id text not null,
    number integer not null,
    acquired_at bigint not null,
    ended_at bigint,
    detail text,
    released_at bigint,
    primary key (device_uuid, workload_id)
  )`,
  `insert into new_leases (device_uuid, workload_id, owner_id, application_id, subject_kind, subject_id, number,
      acquired_at, ended_at, detail, released_at)
    select l.device_uuid, l.workload_id, l.owner_id, l.application_id, ${KIND}, ${SUBJECT}, l.number,
      l.acquired_at, l.ended_at, l.detail, l.released_at
    from leases l join workloads w on w.id = l.workload_id`,
];

/**
 * Minutes outlive what they were used for: where nothing else tells, an id does. What still waits is not paid for, and
 * gets its time when it is admitted.
 */
const usage: readonly string[] = [
  `create table new_usage_intervals (
    instance_id text primary key,
    owner_id text not null,
    application_id text,
    subject_kind text not null,
    subject_id text not null,
    instance_number integer not null,
    flavor text not null,
    gpus integer not null,
    micro_euros_per_day bigint not null,
    started_at bigint not null,
    heartbeat_at bigint not null,
    ended_at bigint
  )`,
  `insert into new_usage_intervals (instance_id, owner_id, application_id, subject_kind, subject_id, instance_number,
      flavor, gpus, micro_euros_per_day, started_at, heartbeat_at, ended_at)
    select u.instance_id, u.owner_id, u.application_id,
      case when u.subject_id like 'run\\_%' escape '\\' then 'run'
        when u.subject_id like 'workload\\_%' escape '\\' then 'build' else 'deployment' end,
      coalesce(w.deployment_id, u.subject_id), u.instance_number,
      u.flavor, u.gpus, u.micro_euros_per_day, u.started_at, u.heartbeat_at, u.ended_at
    from usage_intervals u left join workloads w on w.id = u.subject_id
    where u.ended_at is not null or not exists (
      select 1 from instances i join workloads waiting on waiting.id = i.workload_id
        where i.id = u.instance_id and waiting.state = 'waiting')`,
];

/** Those that are referred to go last, and come first. */
const tables = ['leases', 'instances', 'workloads', 'usage_intervals'];

const statements: readonly string[] = [
  ...workloads,
  ...instances,
  ...leases,
  ...usage,
  ...tables.map((table) => `drop table ${table}`),
  ...tables.toReversed().map((table) => `alter table new_${table} rename to ${table}`),
  'alter table deployments drop column build_workload_id',
  'create index workloads_by_application_id_state on workloads (application_id, state)',
  'create index workloads_by_subject on workloads (subject_kind, subject_id)',
  'create index workloads_by_state_created_at on workloads (state, created_at)',
  'create index workloads_by_state_turn_at on workloads (state, turn_at, id)',
  'create index workloads_out_of_turn on workloads (state, owner_id) where queue_at <> turn_at',
  `create index workloads_that_wait on workloads (owner_id, queue_at, id) where state = 'waiting'`,
  'create index instances_by_application_id_ended_at on instances (application_id, ended_at)',
  'create index instances_by_subject on instances (subject_kind, subject_id)',
  'create index instances_by_status on instances (status)',
  'create index leases_by_workload_id on leases (workload_id)',
  'create unique index leases_that_hold on leases (device_uuid) where released_at is null',
  'create index usage_intervals_by_owner_id_started_at on usage_intervals (owner_id, started_at)',
];
