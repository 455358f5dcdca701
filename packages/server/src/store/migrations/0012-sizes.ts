import { sql } from 'kysely';
import type { Tx } from '../database.ts';
import { isPostgres } from './0001-tables.ts';

/**
 * What an estimate rests on, and what an application was called that is gone. Of what waits or runs it is told from the
 * estimate, which is a day where nothing was known.
 */
export async function up(tx: Tx): Promise<void> {
  for (const statement of statements(isPostgres(tx))) await sql.raw(statement).execute(tx);
}

const DAY = 24 * 3_600_000;
const FIRST_BUILD = 10 * 60_000;

/** The name that an event tells, as long as events are kept. */
const named = (postgres: boolean, kind: string): string =>
  `(select max(${postgres ? `(e.data::json ->> 'name')` : `json_extract(e.data, '$.name')`}) from events e
    where e.application_id = usage_intervals.application_id and e.kind = '${kind}')`;

const statements = (postgres: boolean): readonly string[] => [
  'alter table workloads add column estimate_basis text',
  `update workloads set estimate_basis = case
      when estimate = max_duration then 'limit'
      when estimate = case subject_kind when 'build' then ${FIRST_BUILD} else ${DAY} end then 'assumption'
      else 'history' end
    where estimate is not null`,
  'alter table usage_intervals add column application_name text',
  `update usage_intervals set application_name =
      coalesce(${named(postgres, 'application.deleted')}, ${named(postgres, 'application.created')})
    where not exists (select 1 from applications a where a.id = usage_intervals.application_id)`,
];
