import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { InstanceId } from '../../lib/ids.ts';
import { openDatabase } from '../database.ts';
import type { Database, Tx } from '../database.ts';
import { migrate } from '../migrate.ts';
import { onEachDatabase } from '../../testing/database.ts';
import { up as tables } from './0001-tables.ts';
import { up as cleverApi } from './0002-clever-api.ts';
import { up as eventTransactions } from './0003-event-transactions.ts';
import { up as engines } from './0004-engines.ts';
import { up as devicesAndQueue } from './0005-devices-and-queue.ts';
import { up as metrics } from './0006-metrics.ts';
import { up as accountsAndNames } from './0007-accounts-and-names.ts';
import { up as limits } from './0008-limits.ts';
import { up as sandboxes } from './0009-sandboxes.ts';

const former = [
  tables,
  cleverApi,
  eventTransactions,
  engines,
  devicesAndQueue,
  metrics,
  accountsAndNames,
  limits,
  sandboxes,
];

/** Gives `use` an empty database of the same kind, as it was nine migrations on. */
async function withFormer(given: Database, use: (database: Database) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'grid-former-'));
  const isOwn = given.kind === 'sqlite';
  const database = isOwn ? openDatabase({ path: join(folder, 'grid.db') }) : given;
  try {
    if (!isOwn) await run(database, ['drop schema public cascade', 'create schema public']);
    await database.transaction(async (tx) => {
      for (const up of former) await up(tx);
    });
    const done = former.map((_, index) => `(${index + 1}, 'former', 1)`).join(', ');
    await run(database, [
      'create table migrations (number integer primary key, name text not null, applied_at bigint not null)',
      `insert into migrations values ${done}`,
    ]);
    await use(database);
  } finally {
    if (isOwn) await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const run = (database: Database, statements: readonly string[]): Promise<void> =>
  database.transaction(async (tx) => {
    for (const statement of statements) await sql.raw(statement).execute(tx);
  });

/** A Webapp whose builds are paid for and a Runner, each with what it ran. */
const insertFormer = async (tx: Tx): Promise<void> => {
  for (const [table, rows] of Object.entries(found))
    for (const row of rows) {
      const columns = Object.keys(row).join(', ');
      const values = Object.values(row).map((value) => sql.lit(value));
      await sql`insert into ${sql.raw(table)} (${sql.raw(columns)})
        values (${sql.join(values)})`.execute(tx);
    }
};

type Rows = Readonly<Record<string, readonly Readonly<Record<string, string | number | null>>[]>>;

const application = (id: string, kind: string, buildFlavor: string | null) => ({
  id,
  owner_id: 'orga_1',
  name: id,
  description: '',
  zone: 'grid',
  variant: 'ml_python',
  kind,
  flavor: 'XS',
  build_flavor: buildFlavor,
  nodes: 1,
  max_nodes: 1,
  max_flavor: 'XS',
  zero_downtime: 1,
  sticky_sessions: 0,
  cancel_on_push: 0,
  force_https: 0,
  wanted: 'up',
  created_at: 1,
});

const deployment = (id: string, application_id: string, build_workload_id: string | null) => ({
  id,
  owner_id: 'orga_1',
  application_id,
  number: 1,
  commit_id: 'c',
  action: 'DEPLOY',
  cause: 'Git',
  use_cache: 1,
  wanted: 'proceed',
  status: 'live',
  build_workload_id,
  created_at: 1,
});

const owned = (application_id: string, deployment_id: string) => ({
  owner_id: 'orga_1',
  application_id,
  deployment_id,
});

const workload = (id: string, kind: string, of: ReturnType<typeof owned>) => ({
  ...of,
  id,
  kind,
  run_id: kind === 'run' ? 'run_1' : null,
  flavor: 'XS',
  memory_mib: 1,
  cpus: 1,
  nodes: 1,
  wanted: 'up',
  grace_seconds: 1,
  state: 'admitted',
  created_at: 1,
});

const instance = (id: string, workload_id: string, of: ReturnType<typeof owned>) => ({
  ...of,
  id,
  workload_id,
  number: 0,
  attempt: 1,
  name: id,
  flavor: 'XS',
  wanted: 'running',
  status: 'healthy',
  created_at: 1,
});

const interval = (instance_id: string, subject_id: string, application_id: string) => ({
  instance_id,
  subject_id,
  application_id,
  owner_id: 'orga_1',
  instance_number: 0,
  flavor: 'XS',
  gpus: 0,
  micro_euros_per_day: 1,
  started_at: 1,
  heartbeat_at: 1,
});

const web = owned('app_web', 'deployment_web');
const soon = owned('app_web', 'deployment_soon');
const computing = owned('app_run', 'deployment_run');

const found: Rows = {
  applications: [application('app_web', 'webapp', 'M'), application('app_run', 'runner', null)],
  deployments: [
    deployment('deployment_web', 'app_web', 'workload_build'),
    { ...deployment('deployment_soon', 'app_web', 'workload_soon'), number: 2, status: 'building' },
    deployment('deployment_run', 'app_run', 'workload_free'),
  ],
  runs: [
    {
      ...computing,
      id: 'run_1',
      commit_id: 'c',
      artifact_id: 'a',
      command: 'x',
      environment_hash: 'h',
      flavor: 'XS',
      nodes: 1,
      wanted: 'proceed',
      status: 'running',
      created_at: 1,
    },
  ],
  workloads: [
    workload('workload_build', 'build', web),
    { ...workload('workload_web', 'webapp', web), reason: 'engine_unavailable', detail: 'Away.' },
    workload('workload_free', 'build', computing),
    workload('workload_run', 'run', computing),
    { ...workload('workload_soon', 'build', soon), state: 'waiting' },
  ],
  instances: [
    instance('build', 'workload_build', web),
    { ...instance('web', 'workload_web', web), status: 'starting', reason: 'unhealthy' },
    instance('run', 'workload_run', computing),
    { ...instance('soon', 'workload_soon', soon), status: 'starting' },
  ],
  usage_intervals: [
    interval('build', 'workload_build', 'app_web'),
    interval('web', 'deployment_web', 'app_web'),
    interval('run', 'run_1', 'app_run'),
    interval('soon', 'workload_soon', 'app_web'),
    interval('erased', 'workload_of-what-was-erased', 'app_erased'),
  ],
  devices: [
    {
      uuid: 'GPU-1',
      host: 'local',
      model: 'L4',
      memory_mib: 1,
      position: 0,
      files: '[]',
      health: 'well',
      health_since: 1,
      first_seen_at: 1,
    },
  ],
  leases: [
    {
      device_uuid: 'GPU-1',
      workload_id: 'workload_run',
      owner_id: 'orga_1',
      application_id: 'app_run',
      number: 0,
      acquired_at: 1,
      ended_at: 2,
    },
  ],
};

onEachDatabase('what ran before belongs to its subject, and all of it is there', (given) =>
  withFormer(given, async (database) => {
    await database.transaction(insertFormer);
    await migrate(database, { now: 2 });
    const db = database.read;
    const subjects = async (table: 'workloads' | 'instances') =>
      (await db.selectFrom(table).selectAll().orderBy('id').execute()).map(
        ({ id, subjectKind, subjectId }) => [id, subjectKind, subjectId],
      );
    assert.deepEqual(await subjects('workloads'), [
      ['workload_build', 'build', 'deployment_web'],
      ['workload_free', 'build', 'deployment_run'],
      ['workload_run', 'run', 'run_1'],
      ['workload_soon', 'build', 'deployment_soon'],
      ['workload_web', 'deployment', 'deployment_web'],
    ]);
    assert.deepEqual(await subjects('instances'), [
      ['build', 'build', 'deployment_web'],
      ['run', 'run', 'run_1'],
      ['soon', 'build', 'deployment_soon'],
      ['web', 'deployment', 'deployment_web'],
    ]);
    const kept = await db.selectFrom('workloads').selectAll().orderBy('id').execute();
    assert.deepEqual(
      kept.map(({ metered, engineAway, reason }) => [metered, engineAway, reason]),
      [
        [true, null, null],
        [false, null, null],
        [true, null, null],
        [true, null, null],
        [true, 'Away.', null],
      ],
    );
    const usage = await db.selectFrom('usageIntervals').selectAll().orderBy('instanceId').execute();
    assert.deepEqual(
      usage.map(({ instanceId, subjectKind, subjectId }) => [instanceId, subjectKind, subjectId]),
      [
        ['build', 'build', 'deployment_web'],
        ['erased', 'build', 'workload_of-what-was-erased'],
        ['run', 'run', 'run_1'],
        ['web', 'deployment', 'deployment_web'],
      ],
    );
    const lease = await db.selectFrom('leases').selectAll().executeTakeFirstOrThrow();
    assert.deepEqual(
      [lease.subjectKind, lease.subjectId, lease.state, lease.endedAt],
      ['run', 'run_1', 'fencing', 2],
    );
    const judged = await db
      .selectFrom('instances')
      .select(['status', 'reason'])
      .where('id', '=', 'web' as InstanceId)
      .executeTakeFirst();
    assert.deepEqual(judged, { status: 'unhealthy', reason: null });
  }),
);
