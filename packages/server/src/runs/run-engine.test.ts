import assert from 'node:assert/strict';
import { createEnvironments } from '../applications/environments.ts';
import { newId } from '../lib/ids.ts';
import { onSqlite } from '../testing/database.ts';
import { engineChoiceOf } from '../testing/engine-choice.ts';
import { makeApplication, makeDeployment, makeOwner, openKeys } from '../testing/rows.ts';
import { engineOfRun } from './run-engine.ts';

onSqlite('a run that is tried again keeps its engine, whatever is left of it', async (database) => {
  const { organizationId: ownerId } = await makeOwner(database);
  const environments = createEnvironments(database, openKeys);
  const engines = engineChoiceOf('process', 'docker');
  const deps = { database, environments, engines };
  const open = async (variant: string, variables: Record<string, string>) => {
    const order = { ownerId, name: `${variant}${Object.keys(variables).length}`, variant };
    const applicationId = await makeApplication(database, order);
    const deploymentId = await makeDeployment(database, { ownerId, applicationId });
    const id = newId('run');
    return { id, applicationId, deploymentId, environment: environments.seal(id, variables) };
  };
  const asking = await open('ml_python', { CG_ENGINE: 'docker' });
  const plain = await open('ml_python', {});
  assert.equal(await engineOfRun(deps, plain, { engine: 'docker' }), 'docker');
  assert.equal(await engineOfRun(deps, asking, { engine: 'process' }), 'process');
  assert.equal(await engineOfRun(deps, plain, undefined), 'process');
  assert.equal(await engineOfRun(deps, asking, undefined), 'docker');
  const only = { ...deps, engines: engineChoiceOf('process') };
  const none = await engineOfRun(only, asking, undefined);
  assert.match(typeof none === 'string' ? none : none.detail, /has no docker engine/);
});
