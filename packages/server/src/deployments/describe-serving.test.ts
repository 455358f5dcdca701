import assert from 'node:assert/strict';
import { createEnvironments } from '../applications/environments.ts';
import { recordArtifact } from '../builds/record-artifact.ts';
import { markJudged } from '../builds/run-hooks.ts';
import { newId } from '../lib/ids.ts';
import type { Database } from '../store/database.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeApplication, makeDeployment, makeOwner, openKeys } from '../testing/rows.ts';
import { describeServing } from './describe-serving.ts';

/** What an instance has to prove of a deployment with these variables, made from what lets `SERVER_PORT` say the port. */
async function serve(database: Database, variables: Readonly<Record<string, string>>) {
  const { organizationId: ownerId } = await makeOwner(database);
  const applicationId = await makeApplication(database, { ownerId });
  const deploymentId = await makeDeployment(database, { ownerId, applicationId });
  const environments = createEnvironments(database, openKeys);
  const artifact = { ownerId, applicationId, id: 'made', commitId: 'c', environmentKey: undefined };
  const command = { name: 'x', argv: ['x'] as const };
  const start = { folder: '', command, environment: {}, readOnly: [], portVariable: 'SERVER_PORT' };
  const row = { environment: environments.seal(deploymentId, variables), artifactId: 'made' };
  await database.transaction(async (tx) => {
    await recordArtifact(tx, { ...artifact, start, at: 1 });
    await tx.updateTable('deployments').set(row).where('id', '=', deploymentId).execute();
  });
  return describeServing({ database, environments }, { deploymentId });
}

onEachDatabase('an instance serves where its variables say', async (database) => {
  assert.equal((await serve(database, { SERVER_PORT: '9000' })).port, 9000);
});

onEachDatabase('a hook for what failed learns that an instance was judged', async (database) => {
  const { after, port } = await serve(database, {
    CC_RUN_SUCCEEDED_HOOK: 'echo up',
    CC_RUN_FAILED_HOOK: 'echo down',
  });
  assert.equal(port, 8080);
  assert.deepEqual([after.succeeded[0], after.failed[0]], [markJudged, markJudged]);
  assert.deepEqual(
    [after.succeeded[1]?.includes('echo up'), after.failed[1]?.includes('echo down')],
    [true, true],
  );
});

onEachDatabase('without such a hook nothing is left in it', async (database) => {
  const { after } = await serve(database, { CC_RUN_SUCCEEDED_HOOK: 'echo up' });
  assert.equal(after.succeeded.length, 1);
  assert.deepEqual(after.failed, []);
});

onEachDatabase('of a deployment that is gone nothing is asked', async (database) => {
  const environments = createEnvironments(database, openKeys);
  const serving = await describeServing(
    { database, environments },
    { deploymentId: newId('deployment') },
  );
  assert.deepEqual(serving, { port: 8080, variables: {}, after: { succeeded: [], failed: [] } });
});
