import assert from 'node:assert/strict';
import type { Kysely } from 'kysely';
import type { DeploymentId } from '../lib/ids.ts';
import type { Stand } from '../logs/log-subject.ts';
import { dataPaths } from '../paths.ts';
import type { Database } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeInstance } from '../testing/instances.ts';
import { makeApplication, makeDeployment, makeOwner, setDeployment } from '../testing/rows.ts';
import { noteExited } from '../workloads/change-instance.ts';
import type { InstanceId } from '../lib/ids.ts';
import { logSubject } from './log-subject.ts';

async function open(database: Database) {
  const { organizationId: ownerId } = await makeOwner(database);
  const owned = { ownerId, applicationId: await makeApplication(database, { ownerId }) };
  let now = 1_000_000;
  let rows = 0;
  const db = (database.read as Kysely<Schema>).withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      rows += result.rows.length;
      return result;
    },
  });
  const deps = { db, paths: dataPaths('/data'), clock: () => now };
  return {
    owned,
    at: (time: number) => (now = time),
    subjectOf: (id?: DeploymentId) => logSubject(deps, owned.applicationId, id),
    /** How many rows were read since this was asked last. */
    takeRows(): number {
      const read = rows;
      rows = 0;
      return read;
    },
    end: (id: InstanceId, at: number) =>
      database.transaction((tx) =>
        noteExited(tx, id, {
          exitCode: 0,
          signal: undefined,
          reason: 'exited',
          step: '',
          detail: undefined,
          at,
        }),
      ),
  };
}

const over = ({ sources }: Stand): Record<string, boolean | undefined> =>
  Object.fromEntries(sources.map((source) => [source.id, source.over]));

onEachDatabase(
  'a look after the first reads what is not over and what ended since, however much there was',
  async (database) => {
    const { owned, at, subjectOf, takeRows, end } = await open(database);
    const deploymentId = await makeDeployment(database, owned);
    const make = (times: { startedAt: number; endedAt?: number }) =>
      makeInstance(database, { ...owned, deploymentId, ...times });
    for (let time = 1; time <= 60; time += 1) await make({ startedAt: time, endedAt: time + 1 });
    const running = await make({ startedAt: 100 });
    const subject = subjectOf(deploymentId);
    const first = await subject.look();
    assert.equal(first.sources.length, 1 + 60 + 1);
    assert.equal(over(first)[running], false);
    takeRows();
    assert.equal(await subject.look(), first);
    assert.ok(takeRows() <= 2);

    at(2_000_000);
    await end(running, 1_500_000);
    const brief = await make({ startedAt: 1_600_000, endedAt: 1_600_001 });
    const second = await subject.look();
    assert.equal(second.sources.length, 1 + 60 + 2);
    assert.deepEqual([over(second)[running], over(second)[brief]], [true, true]);
    assert.equal(await subject.look(), second);
    at(2_100_000);
    await subject.look();
    takeRows();
    assert.equal(await subject.look(), second);
    assert.equal(takeRows(), 1);
  },
);

onEachDatabase('an application’s log is of its ten newest deployments', async (database) => {
  const { owned, subjectOf } = await open(database);
  const subject = subjectOf();
  assert.deepEqual(await subject.look(), { sources: [], settled: undefined });
  const deployments: DeploymentId[] = [];
  const instances: InstanceId[] = [];
  for (let count = 0; count < 12; count += 1) {
    const deploymentId = await makeDeployment(database, owned);
    deployments.push(deploymentId);
    instances.push(await makeInstance(database, { ...owned, deploymentId, startedAt: count }));
    if (count % 5 === 0) await subject.look();
  }
  const { sources } = await subject.look();
  assert.deepEqual(
    sources.map(({ id }) => id),
    [...deployments.slice(2).toReversed(), ...instances.slice(2)],
  );
});

onEachDatabase('a deployment is settled when it is live, or over', async (database) => {
  const { owned, subjectOf } = await open(database);
  const id = await makeDeployment(database, owned);
  const subject = subjectOf(id);
  let status: 'queued' | 'live' | 'failed' = 'queued';
  const move = async (to: typeof status, finishedAt: number) => {
    status = to;
    await setDeployment(database, id, { status: to, finishedAt });
    return (await subject.look()).settled;
  };
  assert.equal((await subject.look()).settled, undefined);
  assert.deepEqual(await move('live', 5), { status: 'live', at: 5, toTheEnd: false });
  assert.deepEqual(await move('failed', 7), { status: 'failed', at: 7, toTheEnd: true });
});
