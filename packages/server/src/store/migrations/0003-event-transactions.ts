import { sql } from 'kysely';
import type { Tx } from '../database.ts';
import { isPostgres } from './0001-tables.ts';

/** PostgreSQL numbers events before it commits them: a reader needs to know their transactions. */
export async function up(tx: Tx): Promise<void> {
  if (!isPostgres(tx)) return;
  for (const statement of statements) await sql.raw(statement).execute(tx);
}

const statements: readonly string[] = [
  'alter table events add column transaction_id xid8 not null default pg_current_xact_id()',
  'create index events_by_transaction_id on events (transaction_id)',
];
