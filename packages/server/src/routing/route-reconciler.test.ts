import assert from 'node:assert/strict';
import { stopApplication } from '../deployments/stop-application.ts';
import { inStillWorld } from '../testing/still-world.ts';
import type { StillWorld } from '../testing/still-world.ts';

const WEBAPP = { variant: 'ml_python_web' };

const upstreams = ({ routes }: StillWorld) =>
  routes().routes.map(({ state, upstreams: at }) => [
    state,
    at.map(({ instanceId }) => instanceId),
  ]);

const draining = async ({ database }: StillWorld) =>
  (await database.read.selectFrom('workloads').selectAll().execute()).filter(
    ({ drainingAt }) => drainingAt !== null,
  );

inStillWorld('visitors are sent to what serves, and to nothing before', {}, async (world) => {
  const id = await world.application(WEBAPP);
  await world.look('routes', 'all');
  const before = world.routes();
  assert.deepEqual(upstreams(world), [['stopped', []]]);
  await world.push(id);
  await world.lookAtAll();
  const [one] = world.engine.running();
  assert.deepEqual(upstreams(world), [['serving', [one?.instanceId]]]);
  assert.ok(world.routes().version > before.version);
  await stopApplication(world, { applicationId: id, authorId: null });
  await world.look('routes', 'all');
  assert.deepEqual(upstreams(world), [['stopped', []]]);
});

inStillWorld(
  'what is replaced is let go of when the router sends nobody there any more',
  {},
  async (world) => {
    const id = await world.application(WEBAPP);
    await world.push(id, 1);
    await world.lookAtAll();
    const [former] = world.engine.running();
    world.time.now += 1;
    await world.push(id, 2);
    await world.lookAtAll(['routes']);
    assert.equal(world.engine.running().length, 2);
    assert.deepEqual(await draining(world), []);
    await world.look('routes', 'all');
    assert.deepEqual(
      (await draining(world)).map((one) => one.id),
      [former?.workloadId],
    );
    assert.ok(!JSON.stringify(upstreams(world)).includes(former?.instanceId ?? ''));
    assert.ok((await world.due()).includes(`workload ${former?.workloadId}`));
  },
);
