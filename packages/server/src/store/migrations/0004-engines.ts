import { sql } from 'kysely';
import type { Tx } from '../database.ts';

/** Which engine keeps what: until now there was one. */
export async function up(tx: Tx): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(tx);
}

const statements: readonly string[] = [
  `alter table workloads add column engine text not null default 'process'`,
  `alter table instances add column engine text not null default 'process'`,
];
