import { sql } from 'kysely';
import type { Tx } from '../database.ts';

/**
 * When a token was used last, addresses that nobody has proven, names that the operator gave away. A path
 * that ends with a slash is written without it from now on.
 */
export async function up(tx: Tx): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(tx);
}

const statements: readonly string[] = [
  'alter table tokens add column used_at bigint',
  `create table pending_emails (
    user_id text not null references users,
    email text not null,
    created_at bigint not null,
    primary key (user_id, email)
  )`,
  `create table reserved_names (
    host text primary key,
    owner_id text,
    created_at bigint not null
  )`,
  `update domains set path_prefix = rtrim(path_prefix, '/')
    where path_prefix like '/_%/' and rtrim(path_prefix, '/') <> ''
    and not exists (select 1 from domains other where other.host = domains.host
      and other.path_prefix <> domains.path_prefix
      and rtrim(other.path_prefix, '/') = rtrim(domains.path_prefix, '/'))`,
];
