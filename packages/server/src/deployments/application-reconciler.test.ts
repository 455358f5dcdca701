import assert from 'node:assert/strict';
import { findApplication } from '../applications/application-store.ts';
import { accountUsage } from '../billing/account-usage.ts';
import { deleteApplication } from '../applications/update-application.ts';
import { PLATFORM } from '../events/actor.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { inStillWorld } from '../testing/still-world.ts';
import type { StillWorld } from '../testing/still-world.ts';

async function remove(world: StillWorld, id: ApplicationId): Promise<void> {
  const application = await findApplication(world.database.read, id);
  assert.ok(application);
  await deleteApplication(world, application, PLATFORM);
}

const WEBAPP = { variant: 'ml_python_web' };

inStillWorld(
  'what was deleted is erased once nothing of it is left, and not before',
  {},
  async (world) => {
    const id = await world.application(WEBAPP);
    await world.push(id);
    await world.lookAtAll();
    await remove(world, id);
    await world.lookAtAll(['workload']);
    assert.deepEqual(world.erased, []);
    assert.equal((await world.rows())['applications']?.length, 1);
    await world.lookAtAll();
    assert.deepEqual(world.erased, [id]);
    const { applications, deployments, instances, workloads } = await world.rows();
    assert.deepEqual([applications, deployments, instances, workloads], [[], [], [], []]);
    assert.deepEqual(world.engine.kept(), []);
  },
);

inStillWorld(
  'what was deleted is erased also where what ended last had nothing that ran',
  {},
  async (world) => {
    const id = await world.application();
    await world.push(id);
    await remove(world, id);
    await world.look('application', id);
    assert.deepEqual(world.erased, []);
    await world.lookAtAll();
    assert.deepEqual(world.erased, [id]);
    assert.deepEqual((await world.rows())['applications'], []);
  },
);

inStillWorld('what waits behind others is looked at when they end', {}, async (world) => {
  const id = await world.application();
  const [first, second] = [await world.push(id, 1), await world.push(id, 2)];
  await world.lookAtAll();
  const [one] = world.engine.running();
  assert.ok(one);
  await world.look('deployment', second);
  const rows = (await world.rows())['deployments'] as { id: string; detail: string | null }[];
  assert.match(rows.find((row) => row.id === second)?.detail ?? '', /^Waits for deployment #1/);
  await world.look('application', id);
  assert.deepEqual(await world.due(), [`deployment ${first}`, `deployment ${second}`].toSorted());
});

inStillWorld(
  'what was deleted is named on the bill, and told apart from one that is called so now',
  { fateOf: () => ({ runsFor: 1_000 }) },
  async (world) => {
    const { database, ownerId, time } = world;
    const run = async (): Promise<ApplicationId> => {
      const id = await world.application();
      await world.push(id);
      await world.lookAtAll();
      time.now += 1_000;
      await world.look('cleanup', 'engine');
      await world.lookAtAll();
      return id;
    };
    const bill = async () => {
      const usage = await accountUsage(database.read, ownerId, { from: 0, to: time.now });
      return usage.map((one) => [one.applicationId, one.applicationName, one.applicationDeleted]);
    };
    const former = await run();
    assert.deepEqual(await bill(), [[former, 'app', false]]);
    await remove(world, former);
    assert.deepEqual(await bill(), [[former, 'app', true]]);
    await world.lookAtAll();
    assert.deepEqual(world.erased, [former]);
    const present = await run();
    assert.deepEqual(await bill(), [
      [former, 'app', true],
      [present, 'app', false],
    ]);
  },
);
