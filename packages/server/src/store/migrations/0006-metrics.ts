import { sql } from 'kysely';
import type { Tx } from '../database.ts';
import { isPostgres } from './0001-tables.ts';

/**
 * What instances and devices used. Samples lie in the order of time, since all of one time are written
 * together; rollups, which are fewer, by what they are of, since that is how they are read.
 */
export async function up(tx: Tx): Promise<void> {
  for (const statement of statements(isPostgres(tx) ? '' : ' without rowid'))
    await sql.raw(statement).execute(tx);
}

const statements = (clustered: string): readonly string[] => [
  `create table metric_samples (
    at bigint not null,
    subject_id text not null,
    metrics text not null,
    primary key (at, subject_id)
  )${clustered}`,
  `create table metric_rollups (
    subject_id text not null,
    step integer not null,
    at bigint not null,
    metrics text not null,
    primary key (subject_id, step, at)
  )${clustered}`,
  'create index metric_rollups_by_step_at on metric_rollups (step, at)',
];
