import assert from 'node:assert/strict';
import { findApplication } from '../applications/application-store.ts';
import { deleteApplication } from '../applications/update-application.ts';
import { stopApplication } from '../deployments/stop-application.ts';
import { PLATFORM } from '../events/actor.ts';
import { ClaimLost } from '../reconcile/looks.ts';
import type { Kind } from '../reconcile/reconciler.ts';
import { device } from '../testing/leases.ts';
import { inStillWorld } from '../testing/still-world.ts';
import type { StillWorld } from '../testing/still-world.ts';

/** Makes that a look at a kind has something to record; what is to be looked at. */
type Prepare = (world: StillWorld) => Promise<string>;

const WEBAPP = { variant: 'ml_python_web' };

async function theOnly({ database }: StillWorld, table: 'runs' | 'workloads'): Promise<string> {
  const { id } = await database.read.selectFrom(table).select('id').executeTakeFirstOrThrow();
  return id;
}

const situations: Record<Kind, Prepare> = {
  async repository({ application, heads }) {
    const id = await application();
    heads.set(id, [{ ref: 'refs/heads/master', commitId: 'a'.repeat(40), at: 1 }]);
    return id;
  },
  deployment: async ({ application, push }) => push(await application()),
  async run(world) {
    await world.push(await world.application());
    await world.lookAtAll(['run']);
    return theOnly(world, 'runs');
  },
  async queue({ application, push, lookAtAll }) {
    await push(await application());
    await lookAtAll(['queue']);
    return 'all';
  },
  async workload(world) {
    const applicationId = await world.application(WEBAPP);
    await world.push(applicationId);
    await world.lookAtAll();
    await stopApplication(world, { applicationId, authorId: null });
    await world.lookAtAll(['workload']);
    return theOnly(world, 'workloads');
  },
  devices: async () => 'inventory',
  async routes({ application, push, lookAtAll }) {
    const id = await application(WEBAPP);
    await push(id, 1);
    await lookAtAll();
    await push(id, 2);
    await lookAtAll(['routes']);
    return 'all';
  },
  async application(world) {
    const id = await world.application();
    const application = await findApplication(world.database.read, id);
    assert.ok(application !== undefined);
    await deleteApplication(world, application, PLATFORM);
    return id;
  },
  async cleanup({ application, push, lookAtAll, engine }) {
    await push(await application(WEBAPP));
    await lookAtAll();
    for (const { instanceId } of engine.running()) engine.lose(instanceId);
    return 'engine';
  },
};

/** These record what is so, whoever sees it: where a branch is, and what an engine keeps. */
const FACTS: readonly Kind[] = ['repository', 'cleanup'];

const options = { devices: [device(0)] };

for (const [kind, prepare] of Object.entries(situations) as [Kind, Prepare][]) {
  inStillWorld(
    `a look at ${kind} records something, and the next nothing`,
    options,
    async (world) => {
      const id = await prepare(world);
      const before = await world.rows();
      await world.look(kind, id);
      assert.notDeepEqual(await world.rows(), before);
      await world.lookAtAll();
      const settled = await world.rows();
      await world.look(kind, id);
      await world.lookAtAll();
      assert.deepEqual(await world.rows(), settled);
    },
  );

  if (FACTS.includes(kind)) continue;
  inStillWorld(`a look at ${kind} that lost its claim records nothing`, options, async (world) => {
    const id = await prepare(world);
    const before = await world.rows();
    await assert.rejects(world.lookWithoutClaim(kind, id), ClaimLost);
    assert.deepEqual(await world.rows(), before);
  });
}
