import assert from 'node:assert/strict';
import { createEnvironments } from '../applications/environments.ts';
import { recordArtifact } from '../builds/record-artifact.ts';
import { markJudged } from '../builds/run-hooks.ts';
import { dataPaths } from '../paths.ts';
import type { Database } from '../store/database.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeInstance } from '../testing/instances.ts';
import { makeApplication, makeDeployment, makeOwner, openKeys } from '../testing/rows.ts';
import { findInstance } from '../workloads/instance-store.ts';
import { deploymentSubject } from './deployment-subject.ts';

/** An instance of a deployment with these variables, made from what lets `SERVER_PORT` say the port, and how its health is proven. */
async function serve(database: Database, variables: Readonly<Record<string, string>>) {
  const { organizationId: ownerId } = await makeOwner(database);
  const owned = { ownerId, applicationId: await makeApplication(database, { ownerId }) };
  const deploymentId = await makeDeployment(database, owned);
  const environments = createEnvironments(database, openKeys);
  const command = { name: 'x', argv: ['x'] as const };
  const start = { folder: '', command, environment: {}, readOnly: [], portVariable: 'SERVER_PORT' };
  const artifact = {
    ...owned,
    id: 'made',
    commitId: 'c',
    dependenciesKey: undefined,
    installedKey: undefined,
    start,
    at: 1,
  };
  const row = { environment: environments.seal(deploymentId, variables), artifactId: 'made' };
  await database.transaction(async (tx) => {
    await recordArtifact(tx, artifact);
    await tx.updateTable('deployments').set(row).where('id', '=', deploymentId).execute();
  });
  const id = await makeInstance(database, { ...owned, deploymentId, startedAt: 1000 });
  const instance = await findInstance(database.read, id);
  const { health } = deploymentSubject({ database, paths: dataPaths('/data'), environments });
  assert.ok(instance !== undefined && health !== undefined);
  return { instance, health };
}

onEachDatabase(
  'what serves is asked where, and until when, its variables say',
  async (database) => {
    const variables = { SERVER_PORT: '9000', CC_HEALTH_CHECK_PATH: '/up', CG_START_TIMEOUT: '60' };
    const { instance, health } = await serve(database, variables);
    const rule = await health.rule({ ...instance, startedAt: 1000 });
    assert.deepEqual(rule, { port: 9000, paths: ['/up'], configured: true, deadline: 61_000 });
  },
);

onEachDatabase('a hook for what failed learns that an instance was judged', async (database) => {
  const hooks = { CC_RUN_SUCCEEDED_HOOK: 'echo up', CC_RUN_FAILED_HOOK: 'echo down' };
  const { instance, health } = await serve(database, hooks);
  for (const [healthy, said] of [
    [true, 'echo up'],
    [false, 'echo down'],
  ] as const) {
    const [mark, hook, ...others] = await health.afterwards(instance, healthy);
    assert.equal(mark, markJudged);
    assert.ok(hook?.includes(said));
    assert.deepEqual(others, []);
  }
});

onEachDatabase('without such a hook nothing is left in it', async (database) => {
  const { instance, health } = await serve(database, { CC_RUN_SUCCEEDED_HOOK: 'echo up' });
  assert.equal((await health.afterwards(instance, true)).length, 1);
  assert.deepEqual(await health.afterwards(instance, false), []);
});
