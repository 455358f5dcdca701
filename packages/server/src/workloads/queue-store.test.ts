import assert from 'node:assert/strict';
import { DAY } from '../lib/duration.ts';
import { newId } from '../lib/ids.ts';
import type { Database } from '../store/database.ts';
import type { Priority } from '../store/schema.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeApplication, makeDeployment } from '../testing/rows.ts';
import { createWorkload } from './create-workload.ts';
import { selectQueue } from './queue-store.ts';

/** Somebody whose runs come. */
async function makeSubmitter(database: Database) {
  const ownerId = newId('organization');
  const applicationId = await makeApplication(database, { ownerId });
  const owned = { ownerId, applicationId };
  const deploymentId = await makeDeployment(database, owned);
  const subject = { subjectKind: 'run', subjectId: deploymentId, estimate: null } as const;
  const common = { ...owned, ...subject, engine: 'process' } as const;
  return (cameAt: number, priority: Priority = 'normal', flavor = 'XS') =>
    database.transaction((tx) =>
      createWorkload(
        tx,
        { flavorDevices: [] },
        { ...common, flavor, nodes: 1, graceSeconds: 1, at: cameAt, cameAt, priority },
      ),
    );
}

onEachDatabase('what is urgent to one owner goes ahead of nobody else’s', async (database) => {
  const mine = await makeSubmitter(database);
  const theirs = await makeSubmitter(database);
  const first = await theirs(1);
  const early = await mine(2);
  const second = await theirs(3);
  const urgent = await mine(DAY / 2, 'high');
  const ids = async (limit: number) =>
    (await selectQueue(database.read, limit)).map(({ id }) => id);
  assert.deepEqual(await ids(10), [first, urgent, second, early]);
  assert.deepEqual(await ids(2), [first, urgent], 'also where it came after all that is looked at');
});

onEachDatabase(
  'a size that is asked for by its other name is recorded by its own',
  async (database) => {
    const submit = await makeSubmitter(database);
    await submit(1, 'normal', 'ML_XXL');
    const [waiting] = await selectQueue(database.read, 1);
    assert.equal(waiting?.flavor, 'ML_2XL');
  },
);
