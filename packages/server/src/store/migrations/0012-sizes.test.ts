import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { ApplicationId } from '../../lib/ids.ts';
import type { Database, Reader, Tx } from '../database.ts';
import { listFlavors } from '../../scheduling/flavor-store.ts';
import { onEachDatabase } from '../../testing/database.ts';
import { flavors } from '../../testing/flavors.ts';
import { makeApplication, makeDeployment, makeOwner, makeRun } from '../../testing/rows.ts';
import { isPostgres } from './0001-tables.ts';
import { nameWhatIsGone, up } from './0012-sizes.ts';

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
    max_duration bigint, promised_at bigint, expected_at bigint)`,
  `create table instances (id text primary key, flavor text not null)`,
  `create table usage_intervals (instance_id text primary key, application_id text, flavor text not null)`,
];

/** What was in them, with an application that is still there. */
const rowsWith = (known: ApplicationId): readonly string[] => [
  `insert into workloads values ('build', 'build', 'S', ${HOUR / 6}, null, null, null),
    ('limited', 'run', 'ML_M', ${HOUR}, ${HOUR}, 7, 8), ('measured', 'run', 'pico', 1300, ${HOUR}, 7, 7),
    ('serves', 'deployment', 'XS', null, null, null, null), ('unknown', 'run', 'ML_XXL', ${24 * HOUR}, null, 7, null)`,
  `insert into instances values ('i', 'ML_XXL')`,
  `insert into usage_intervals values ('a', 'app_deleted', 'XS'), ('b', 'app_forgotten', 'ML_XXL'), ('c', null, 'XS'),
    ('d', '${known}', 'XS')`,
  `update applications set flavor = 'ML_XXL', max_flavor = 'ML_XXL', build_flavor = 'ML_XXL' where id = '${known}'`,
  `update runs set flavor = 'ML_XXL'`,
  `insert into events (application_id, kind, subject_kind, subject_id, actor_kind, at, data) values
    ('app_deleted', 'application.created', 'application', 'app_deleted', 'platform', 1, '{"name":"before"}'),
    ('app_deleted', 'application.deleted', 'application', 'app_deleted', 'platform', 2, '{"name":"it''s \\"x\\""}'),
    ('${known}', 'application.created', 'application', '${known}', 'platform', 3, '{"name":"lives"}'),
    (null, 'application.created', 'application', 'app_forgotten', 'platform', 4, '{"name":"nobody’s"}')`,
];

const run = async (tx: Tx, statements: readonly string[]): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(tx);
};

/** An application that is there, with a run. */
async function makeKnown(database: Database): Promise<ApplicationId> {
  const { organizationId: ownerId } = await makeOwner(database);
  const applicationId = await makeApplication(database, { ownerId });
  const deploymentId = await makeDeployment(database, { ownerId, applicationId });
  await makeRun(database, { ownerId, applicationId, deploymentId });
  return applicationId;
}

onEachDatabase(
  'what rested on nothing is told from what was measured and foretells nothing, what is gone by its name, a size by one',
  async (database) => {
    const known = await makeKnown(database);
    await database.transaction(async (tx) => {
      await run(tx, former);
      await run(tx, rowsWith(known));
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
        ['unknown', 10_240, 30_000_000],
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
      ['it\'s "x"', null, null, null],
    );
    const foretold = await read
      .selectFrom('workloads')
      .select('id')
      .where(({ or, eb }) =>
        or([eb('promisedAt', 'is not', null), eb('expectedAt', 'is not', null)]),
      )
      .execute();
    assert.deepEqual(foretold, [], 'what was guessed counts for nothing any more');
    assert.deepEqual(await sizesOf(read), {
      applications: ['ML_2XL', 'ML_2XL', 'ML_2XL'],
      runs: ['ML_2XL'],
      workloads: ['ML_2XL', 'ML_M', 'S', 'XS', 'pico'],
      instances: ['ML_2XL'],
      usageIntervals: ['ML_2XL', 'XS', 'XS', 'XS'],
    });
  },
);

/** Every name of a size that is somewhere. */
async function sizesOf(read: Reader): Promise<Record<string, string[]>> {
  const flavorsOf = async (table: 'runs' | 'workloads' | 'instances' | 'usageIntervals') =>
    (await read.selectFrom(table).select('flavor').execute())
      .map(({ flavor }) => flavor)
      .toSorted();
  const application = await read
    .selectFrom('applications')
    .select(['flavor', 'maxFlavor', 'buildFlavor'])
    .executeTakeFirstOrThrow();
  return {
    applications: [application.flavor, application.maxFlavor, application.buildFlavor ?? ''],
    runs: await flavorsOf('runs'),
    workloads: await flavorsOf('workloads'),
    instances: await flavorsOf('instances'),
    usageIntervals: await flavorsOf('usageIntervals'),
  };
}

onEachDatabase('names are found by one look at the events, however many there are', (database) =>
  database.transaction(async (tx) => {
    const explain = isPostgres(tx) ? 'explain' : 'explain query plan';
    const { rows } = await sql
      .raw<object>(`${explain} ${nameWhatIsGone(isPostgres(tx))}`)
      .execute(tx);
    const plan = rows.flatMap((row) => Object.values(row)).join('\n');
    assert.match(plan, /scan/i);
    assert.doesNotMatch(plan, /subplan|correlated/i);
  }),
);
