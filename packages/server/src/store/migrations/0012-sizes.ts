import { sql } from 'kysely';
import type { Tx } from '../database.ts';
import { isPostgres } from './0001-tables.ts';

/**
 * What an estimate rests on, and what an application was called that is gone. Of what waits or runs it is told from the
 * estimate, which is a day where nothing was known; starts that were foretold from such a day are forgotten. Sizes become
 * rows that operators change, each with one name alone; what waits or runs keeps the disk and the price that its size had.
 */
export async function up(tx: Tx): Promise<void> {
  for (const statement of statements(isPostgres(tx))) await sql.raw(statement).execute(tx);
}

const GPU_DAY = 10_000_000;
const DISK = 10 * 1024;

/** What every platform begins with: name, CPUs, memory in MiB, GPUs, micro-euros a day. */
export const catalogue: readonly (readonly [string, number, number, number, number])[] = [
  ['pico', 1, 256, 0, 150_000],
  ['nano', 1, 512, 0, 199_999],
  ['XS', 1, 1024, 0, 533_333],
  ['S', 2, 2048, 0, 1_066_666],
  ['M', 4, 4096, 0, 2_533_334],
  ['L', 6, 8192, 0, 5_066_666],
  ['XL', 8, 16_384, 0, 10_133_333],
  ['2XL', 12, 24_576, 0, 16_000_001],
  ['3XL', 16, 32_768, 0, 21_333_334],
  ['ML_XS', 8, 6144, 1, GPU_DAY],
  ['ML_S', 8, 14_336, 1, GPU_DAY],
  ['ML_M', 16, 22_528, 2, 2 * GPU_DAY],
  ['ML_L', 16, 26_624, 2, 2 * GPU_DAY],
  ['ML_XL', 24, 36_864, 3, 3 * GPU_DAY],
  ['ML_2XL', 24, 40_960, 3, 3 * GPU_DAY],
  ['ML_3XL', 32, 53_248, 4, 4 * GPU_DAY],
];

const DAY = 24 * 3_600_000;
const FIRST_BUILD = 10 * 60_000;

/**
 * The names of applications that are gone, as their events tell them, as long as events are kept. Both tables are read
 * once, however long they are.
 */
export const nameWhatIsGone = (postgres: boolean): string => {
  const name = postgres ? `(e.data::json ->> 'name')` : `json_extract(e.data, '$.name')`;
  const told = (kind: string): string => `max(case when e.kind = '${kind}' then ${name} end)`;
  return `update usage_intervals set application_name = gone.name
    from (select e.application_id,
        coalesce(${told('application.deleted')}, ${told('application.created')}) as name
      from events e left join applications a on a.id = e.application_id
      where e.application_id is not null and a.id is null
        and e.kind in ('application.deleted', 'application.created')
      group by e.application_id) gone
    where usage_intervals.application_id = gone.application_id`;
};

/** What names a size that could be asked for by two names. */
const sized = [
  ['applications', 'flavor'],
  ['applications', 'max_flavor'],
  ['applications', 'build_flavor'],
  ['runs', 'flavor'],
  ['workloads', 'flavor'],
  ['instances', 'flavor'],
  ['usage_intervals', 'flavor'],
] as const;

const statements = (postgres: boolean): readonly string[] => [
  'alter table workloads add column estimate_basis text',
  `update workloads set estimate_basis = case
      when estimate = max_duration then 'limit'
      when estimate = case subject_kind when 'build' then ${FIRST_BUILD} else ${DAY} end then 'assumption'
      else 'history' end
    where estimate is not null`,
  'alter table usage_intervals add column application_name text',
  nameWhatIsGone(postgres),
  'update workloads set promised_at = null, expected_at = null',
  ...sized.map(
    ([table, column]) => `update ${table} set ${column} = 'ML_2XL' where ${column} = 'ML_XXL'`,
  ),
  `create table flavors (
    name text primary key,
    cpus integer not null,
    memory_mib bigint not null,
    disk_mib bigint not null,
    gpus integer not null,
    device_model text,
    micro_euros_per_day bigint not null,
    origin text not null,
    created_at bigint not null,
    changed_at bigint not null,
    removed_at bigint
  )`,
  'create unique index flavors_by_any_case on flavors (lower(name))',
  ...catalogue.map(
    ([name, cpus, memory, gpus, price]) =>
      `insert into flavors values ('${name}', ${cpus}, ${memory}, ${DISK}, ${gpus}, null, ${price}, 'catalogue', 0, 0, null)`,
  ),
  `alter table workloads add column disk_mib bigint not null default ${DISK}`,
  'alter table workloads add column micro_euros_per_day bigint not null default 0',
  `update workloads set micro_euros_per_day =
      coalesce((select f.micro_euros_per_day from flavors f where f.name = workloads.flavor), 0)`,
];
