import assert from 'node:assert/strict';
import { recordArtifact } from '../builds/record-artifact.ts';
import type { ApplicationId, DeploymentId, OwnerId, RunId } from '../lib/ids.ts';
import { openVariables } from '../runs/run-variables.ts';
import { findRunById, KEPT_RUNS } from '../runs/run-store.ts';
import type { Database } from '../store/database.ts';
import type { DeploymentStatus } from '../store/schema.ts';
import { createWorkload } from '../workloads/create-workload.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeApplication, makeDeployment, makeOwner, makeRun, openKeys } from '../testing/rows.ts';
import { createEnvironments } from '../applications/environments.ts';
import { findDeploymentById } from './deployment-store.ts';
import { forgetVariables } from './forget-variables.ts';

type Owned = { ownerId: OwnerId; applicationId: ApplicationId };

const VARIABLES = JSON.stringify({ SECRET: 'x' });

async function open(database: Database): Promise<Owned> {
  const { organizationId: ownerId } = await makeOwner(database);
  return { ownerId, applicationId: await makeApplication(database, { ownerId }) };
}

/** A deployment that has come so far, with its variables. */
async function make(database: Database, owned: Owned, status: DeploymentStatus) {
  const id = await makeDeployment(database, owned);
  const row = { status, environment: VARIABLES };
  await database.transaction((tx) =>
    tx.updateTable('deployments').set(row).where('id', '=', id).execute(),
  );
  return id;
}

const forget = (database: Database, { applicationId }: Owned): Promise<boolean> =>
  database.transaction((tx) => forgetVariables(tx, applicationId));

const keeps = async ({ read }: Database, id: DeploymentId): Promise<boolean> =>
  (await findDeploymentById(read, id))?.environment === VARIABLES;

onEachDatabase('what is over and runs nothing keeps no variables', async (database) => {
  const owned = await open(database);
  const live = await make(database, owned, 'live');
  const draining = await make(database, owned, 'superseded');
  const failed = await make(database, owned, 'failed');
  const subject = { subjectKind: 'deployment', subjectId: draining } as const;
  const order = { ...owned, ...subject, estimate: null } as const;
  await database.transaction((tx) =>
    createWorkload(
      tx,
      { flavorDevices: [] },
      { ...order, engine: 'process', flavor: 'XS', nodes: 1, graceSeconds: 1, at: 1 },
    ),
  );
  const kept = async () => [
    await keeps(database, live),
    await keeps(database, draining),
    await keeps(database, failed),
  ];
  assert.equal(await forget(database, owned), true);
  assert.deepEqual(await kept(), [true, true, false]);
  await database.transaction((tx) => tx.updateTable('workloads').set({ state: 'gone' }).execute());
  await forget(database, owned);
  assert.deepEqual(await kept(), [true, false, false]);
});

onEachDatabase('a run can be made once more as long as its artifact is kept', async (database) => {
  const owned = await open(database);
  const deploymentId = await make(database, owned, 'completed');
  const asked = await makeRun(database, { ...owned, deploymentId });
  const own = await makeRun(database, { ...owned, deploymentId });
  await database.transaction(async (tx) => {
    const over = { status: 'succeeded', finishedAt: 2, artifactId: 'kept' } as const;
    await tx.updateTable('runs').set(over).execute();
    await tx.updateTable('runs').set({ environment: VARIABLES }).where('id', '=', own).execute();
    await tx.updateTable('workloads').set({ state: 'gone' }).execute();
    const start = { command: { name: 'x', argv: [] } } as never;
    const artifact = { id: 'kept', dependenciesKey: undefined, installedKey: undefined, start };
    await recordArtifact(tx, { ...artifact, ...owned, commitId: 'c'.repeat(40), at: 1 });
  });
  const environments = createEnvironments(database, openKeys);
  const seen = async (id: RunId) => {
    const run = await findRunById(database.read, id);
    assert.ok(run !== undefined);
    return openVariables({ database, environments }, run);
  };
  await forget(database, owned);
  assert.deepEqual([await seen(asked), await seen(own)], [{ SECRET: 'x' }, { SECRET: 'x' }]);
  await database.transaction((tx) => tx.deleteFrom('artifacts').execute());
  await forget(database, owned);
  for (const id of [asked, own]) await assert.rejects(seen(id), /are not kept any more/);
});

onEachDatabase('much is forgotten a part at a time', async (database) => {
  const owned = await open(database);
  const made: DeploymentId[] = [];
  for (let number = 0; number < 150; number += 1)
    made.push(await make(database, owned, 'superseded'));
  assert.equal(await forget(database, owned), false);
  assert.equal(await forget(database, owned), true);
  for (const id of made) assert.equal(await keeps(database, id), false);
});

onEachDatabase('the last runs of an application can be made once more', async (database) => {
  const owned = await open(database);
  const deploymentId = await make(database, owned, 'live');
  const made: RunId[] = [];
  while (made.length <= KEPT_RUNS) made.push(await makeRun(database, { ...owned, deploymentId }));
  await database.transaction(async (tx) => {
    await tx.updateTable('runs').set({ finishedAt: 2, environment: VARIABLES }).execute();
    const start = { command: { name: 'x', argv: [] } } as never;
    const artifact = { id: 'none', dependenciesKey: undefined, installedKey: undefined, start };
    await recordArtifact(tx, { ...artifact, ...owned, commitId: 'c'.repeat(40), at: 1 });
    for (const [at, id] of made.entries())
      await tx.updateTable('runs').set({ createdAt: at }).where('id', '=', id).execute();
  });
  await forget(database, owned);
  const [first, second] = made;
  assert.equal((await findRunById(database.read, first as RunId))?.environment, '');
  assert.equal((await findRunById(database.read, second as RunId))?.environment, VARIABLES);
});
