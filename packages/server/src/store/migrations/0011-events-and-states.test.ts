import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { Tx } from '../database.ts';
import { onEachDatabase } from '../../testing/database.ts';
import { makeApplication, makeDeployment, makeOwner, makeRun } from '../../testing/rows.ts';
import { isPostgres } from './0001-tables.ts';
import { carryEvents } from './0011-events-and-states.ts';

/** The table as it was before. */
async function makeFormer(tx: Tx): Promise<void> {
  const postgres = isPostgres(tx);
  const counter = postgres ? 'bigserial primary key' : 'integer primary key autoincrement';
  const transaction = postgres ? ', transaction_id xid8 default pg_current_xact_id()' : '';
  await sql.raw('drop table events').execute(tx);
  await sql
    .raw(
      `create table events (sequence ${counter}, owner_id text not null, application_id text,
        kind text not null, at bigint not null, data text not null${transaction})`,
    )
    .execute(tx);
}

onEachDatabase('what happened before is told as far as it is known', async (database) => {
  const { organizationId: ownerId, userId } = await makeOwner(database);
  const applicationId = await makeApplication(database, { ownerId });
  const owned = { ownerId, applicationId };
  const deploymentId = await makeDeployment(database, { ...owned, authorId: userId });
  const runId = await makeRun(database, { ...owned, deploymentId });
  const before = [
    ['application.created', { name: 'app' }],
    ['deployment.queued', { deploymentId }],
    ['deployment.live', { deploymentId }],
    ['run.queued', { runId, deploymentId }],
    ['instance.entered', { instanceId: 'i', userId }],
    ['application.stopped', { deploymentId }],
  ] as const;
  await database.transaction(async (tx) => {
    await makeFormer(tx);
    for (const [kind, data] of before)
      await sql`insert into events (owner_id, application_id, kind, at, data)
        values (${ownerId}, ${applicationId}, ${kind}, 7, ${JSON.stringify(data)})`.execute(tx);
    await carryEvents(tx);
  });
  const rows = await database.read.selectFrom('events').selectAll().orderBy('sequence').execute();
  assert.deepEqual(
    rows.map((row) => [row.kind, row.subjectKind, row.subjectId, row.actorKind, row.actorId]),
    [
      ['application.created', 'application', applicationId, 'unknown', null],
      ['deployment.queued', 'deployment', deploymentId, 'user', userId],
      ['deployment.live', 'deployment', deploymentId, 'platform', null],
      ['run.queued', 'run', runId, 'platform', null],
      ['instance.entered', 'instance', 'i', 'user', userId],
      ['application.stopped', 'application', applicationId, 'user', userId],
    ],
  );
  assert.deepEqual(
    rows.map(({ sequence, data }) => [sequence, data]),
    before.map(([, data], index) => [index + 1, data]),
  );
  await makeDeployment(database, owned);
});
