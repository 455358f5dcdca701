import { sql } from 'kysely';
import type { Tx } from '../database.ts';
import { isPostgres } from './0001-tables.ts';

export async function up(tx: Tx): Promise<void> {
  await carryEvents(tx);
  for (const statement of states) await sql.raw(statement).execute(tx);
}

/** Events say who did what to what; some are of nobody's affairs but the platform's. */
export async function carryEvents(tx: Tx): Promise<void> {
  const postgres = isPostgres(tx);
  for (const statement of postgres ? onPostgres : onSqlite) await sql.raw(statement).execute(tx);
}

/** What is known of those that were recorded without it. */
const known = (field: (name: string) => string): string => `
  case when kind like 'deployment.%' then 'deployment'
    when kind like 'run.%' then 'run'
    when kind like 'instance.%' then 'instance'
    else 'application' end as subject_kind,
  case when kind like 'deployment.%' then ${field('deploymentId')}
    when kind like 'run.%' then ${field('runId')}
    when kind like 'instance.%' then ${field('instanceId')}
    else coalesce(application_id, '') end as subject_id,
  case when kind = 'instance.entered' then ${field('userId')}
    when kind in ('deployment.queued', 'application.stopped') then
      (select author_id from deployments where id = ${field('deploymentId')})
    when kind = 'run.queued' then
      (select author_id from runs where id = ${field('runId')}) end as actor_id`;

const KIND_OF_ACTOR = `
  case when actor_id is not null then 'user'
    when kind = 'application.created' then 'unknown'
    else 'platform' end`;

/** A column that was not null stays so there: the table is made anew. */
const onSqlite: readonly string[] = [
  `create table events_with_actors (
    sequence integer primary key autoincrement,
    owner_id text,
    application_id text,
    kind text not null,
    subject_kind text not null,
    subject_id text not null,
    actor_kind text not null,
    actor_id text,
    at bigint not null,
    data text not null
  )`,
  `insert into events_with_actors
    select sequence, owner_id, application_id, kind, subject_kind, coalesce(subject_id, ''),
      ${KIND_OF_ACTOR}, actor_id, at, data
    from (select *, ${known((name) => `json_extract(events.data, '$.${name}')`)} from events) old`,
  'drop table events',
  'alter table events_with_actors rename to events',
  'create index events_by_owner_id_sequence on events (owner_id, sequence)',
];

const onPostgres: readonly string[] = [
  'alter table events alter column owner_id drop not null',
  `alter table events
    add column subject_kind text,
    add column subject_id text,
    add column actor_kind text,
    add column actor_id text`,
  `update events set subject_kind = old.subject_kind, subject_id = coalesce(old.subject_id, ''),
      actor_kind = ${KIND_OF_ACTOR.replaceAll('actor_id', 'old.actor_id').replaceAll('kind =', 'events.kind =')},
      actor_id = old.actor_id
    from (select sequence, ${known((name) => `(e.data::json ->> '${name}')`)} from events e) old
    where events.sequence = old.sequence`,
  `alter table events
    alter column subject_kind set not null,
    alter column subject_id set not null,
    alter column actor_kind set not null`,
];

const states: readonly string[] = [
  'alter table workloads add column engine_away text',
  `update workloads set engine_away = detail, reason = null, detail = null
    where reason = 'engine_unavailable'`,
  `update instances set status = 'unhealthy', reason = null
    where status = 'starting' and reason = 'unhealthy'`,
  `alter table leases add column state text not null default 'held'`,
  `update leases set state = case when released_at is null then 'fencing' else 'released' end
    where ended_at is not null or released_at is not null`,
  // it was moved to when another took its place
  `update deployments set finished_at = e.at from events e
    where e.kind = 'deployment.live' and e.subject_id = deployments.id
      and deployments.status = 'superseded'`,
];
