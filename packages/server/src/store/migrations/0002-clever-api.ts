import { sql } from 'kysely';
import type { Tx } from '../database.ts';

/** What the official command line and its API need beside the first tables. */
export async function up(tx: Tx): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(tx);
}

const statements: readonly string[] = [
  `alter table tokens add column kind text not null default 'pair'`,
  `alter table tokens add column ip text`,
  `alter table ssh_keys add column comment text not null default ''`,
  `create table cli_logins (
    hash text primary key,
    user_id text not null references users,
    created_at bigint not null,
    expires_at bigint not null,
    read_at bigint
  )`,
  `create table secondary_emails (
    email text primary key,
    user_id text not null references users,
    created_at bigint not null
  )`,
  'create index secondary_emails_by_user_id on secondary_emails (user_id)',
  'alter table applications add column max_nodes integer not null default 1',
  `alter table applications add column max_flavor text not null default ''`,
  'update applications set max_nodes = nodes, max_flavor = flavor',
  `create table exposed_values (
    application_id text not null references applications,
    name text not null,
    value text not null,
    updated_at bigint not null,
    primary key (application_id, name)
  )`,
  `create table dependencies (
    application_id text not null references applications,
    dependency_id text not null references applications,
    created_at bigint not null,
    primary key (application_id, dependency_id)
  )`,
  'create index dependencies_by_dependency_id on dependencies (dependency_id)',
];
