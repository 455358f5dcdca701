import assert from 'node:assert/strict';
import { PLATFORM } from '../events/actor.ts';
import { Refusal } from '../lib/refusal.ts';
import type { DeploymentStatus } from '../store/schema.ts';
import { onSqlite } from '../testing/database.ts';
import { makeApplication, makeDeployment, makeOwner, setDeployment } from '../testing/rows.ts';
import { cancelDeployment } from './cancel-deployment.ts';
import { deploymentMachine } from './deployment.ts';
import { findDeploymentById } from './deployment-store.ts';

const sentences: Record<DeploymentStatus, string | undefined> = {
  queued: undefined,
  building: undefined,
  starting: undefined,
  running: undefined,
  live: 'is live: stop its application to end what serves, or deploy another commit.',
  completed: 'is over: it did what it was for.',
  superseded: 'is over: it was live, and serves no more.',
  failed: 'is over: it failed.',
  cancelled: 'is over: it was cancelled.',
};

onSqlite(
  'what is under way is cancelled, and of the rest is said how it stands',
  async (database) => {
    const { organizationId: ownerId } = await makeOwner(database);
    const applicationId = await makeApplication(database, { ownerId });
    for (const status of Object.keys(deploymentMachine.states) as DeploymentStatus[]) {
      const id = await makeDeployment(database, { ownerId, applicationId });
      await setDeployment(database, id, { status });
      const said = await cancelDeployment(
        { database, clock: () => 1 },
        { applicationId, deployment: id, by: PLATFORM },
      ).catch((error: unknown) => (error instanceof Refusal ? error.message : error));
      const sentence = sentences[status];
      assert.equal(said, sentence && `Deployment ${id} ${sentence}`, status);
      const { wanted } = (await findDeploymentById(database.read, id)) ?? {};
      assert.equal(wanted, sentence === undefined ? 'cancel' : 'proceed', status);
    }
  },
);
