import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { Tx } from '../database.ts';
import { listFlavors } from '../../scheduling/flavor-store.ts';
import { onEachDatabase } from '../../testing/database.ts';
import { flavors } from '../../testing/flavors.ts';
import { up } from './0012-sizes.ts';

const HOUR = 3_600_000;

/** The tables as they were before, as far as they are looked at. */
const former: readonly string[] = [
  'drop table flavors',
  'drop table leases',
  'drop table instances',
  'drop table attempts',
  'drop table workloads',
  'drop table usage_intervals',
  `create table workloads (id text primary key, subject_kind text not null, flavor text not null, estimate bigint,
    max_duration bigint)`,
  `create table usage_intervals (instance_id text primary key, application_id text)`,
];

const rows: readonly string[] = [
  `insert into workloads values ('build', 'build', 'S', ${HOUR / 6}, null),
    ('limited', 'run', 'ML_M', ${HOUR}, ${HOUR}), ('measured', 'run', 'pico', 1300, ${HOUR}),
    ('serves', 'deployment', 'XS', null, null), ('unknown', 'run', 'ML_XS', ${24 * HOUR}, null)`,
  `insert into usage_intervals values ('a', 'app_deleted'), ('b', 'app_forgotten'), ('c', null)`,
  `insert into events (application_id, kind, subject_kind, subject_id, actor_kind, at, data) values
    ('app_deleted', 'application.created', 'application', 'app_deleted', 'platform', 1, '{"name":"before"}'),
    ('app_deleted', 'application.deleted', 'application', 'app_deleted', 'platform', 2, '{"name":"it''s \\"x\\""}')`,
];

const run = async (tx: Tx, statements: readonly string[]): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(tx);
};

onEachDatabase(
  'what rested on nothing is told from what was measured, and what is gone by its name',
  async (database) => {
    await database.transaction(async (tx) => {
      await run(tx, former);
      await run(tx, rows);
      await up(tx);
    });
    const { read } = database;
    const workloads = await read.selectFrom('workloads').select(['id', 'estimateBasis']).execute();
    assert.deepEqual(Object.fromEntries(workloads.map((one) => [one.id, one.estimateBasis])), {
      build: 'assumption',
      limited: 'limit',
      measured: 'history',
      serves: null,
      unknown: 'assumption',
    });
    const sized = await read
      .selectFrom('workloads')
      .select(['id', 'diskMiB', 'microEurosPerDay'])
      .orderBy('id')
      .execute();
    assert.deepEqual(
      sized.map((one) => [one.id, one.diskMiB, one.microEurosPerDay]),
      [
        ['build', 10_240, 1_066_666],
        ['limited', 10_240, 20_000_000],
        ['measured', 10_240, 150_000],
        ['serves', 10_240, 533_333],
        ['unknown', 10_240, 10_000_000],
      ],
    );
    assert.deepEqual(await listFlavors(read), flavors);
    const usage = await read
      .selectFrom('usageIntervals')
      .select(['instanceId', 'applicationName'])
      .orderBy('instanceId')
      .execute();
    assert.deepEqual(
      usage.map(({ applicationName }) => applicationName),
      ['it\'s "x"', null, null],
    );
  },
);
