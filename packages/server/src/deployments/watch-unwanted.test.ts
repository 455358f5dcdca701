import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PLATFORM } from '../events/actor.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeApplication, makeDeployment, makeOwner } from '../testing/rows.ts';
import { cancelDeployment } from './cancel-deployment.ts';
import { Unwanted, watchUnwanted } from './watch-unwanted.ts';

onEachDatabase('what is done for a deployment ends when that is cancelled', async (database) => {
  const { organizationId: ownerId } = await makeOwner(database);
  const applicationId = await makeApplication(database, { ownerId });
  const id = await makeDeployment(database, { ownerId, applicationId });
  const other = await makeDeployment(database, { ownerId, applicationId });
  const { signal, stop } = watchUnwanted(database, id);
  const rest = watchUnwanted(database, other);
  await makeApplication(database, { ownerId });
  assert.ok(!signal.aborted);
  const over = once(signal, 'abort');
  await cancelDeployment(
    { database, clock: () => 5 },
    { applicationId, deployment: id, by: PLATFORM },
  );
  await over;
  assert.ok(signal.reason instanceof Unwanted);
  assert.ok(!rest.signal.aborted);
  stop();
  rest.stop();
});
