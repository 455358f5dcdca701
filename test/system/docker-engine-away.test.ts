import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containersOf, openApplication, openScene, webapp } from './docker-scene.ts';
import { until } from './platform.ts';

test('a deployment that needs an engine that is away says so, waits, and goes on by itself', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const app = await openApplication(scene, webapp('in the end'));
  await scene.docker.kill();
  const deploying = app.deploy();
  await until(
    'it says what it waits for',
    () => app.deployments()[0]?.reason === 'engine_unavailable',
  );
  const [waiting] = app.deployments();
  assert.match(
    waiting?.detail ?? '',
    /^Waits for its engine\. The Docker engine at \S+: it does not answer/,
  );
  await scene.docker.start();
  const { code, out } = await deploying;
  assert.equal(code, 0, out);
  assert.match(out, /Waits for its engine/);
  assert.equal((await app.visit()).body, 'in the end');
  assert.equal(app.builds(), 1);
});

test('an engine that is killed while it builds an image makes it when it is back', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const slow = 'RUN echo "this layer takes its time"; sleep 3\n';
  const app = await openApplication(scene, webapp('made twice', slow));
  const deploying = app.deploy();
  await until('it is built', async () => (await app.logs()).includes('this layer takes'));
  await scene.docker.restart();
  const { code, out } = await deploying;
  assert.equal(code, 0, out);
  assert.equal((await app.visit()).body, 'made twice');
  assert.equal((await containersOf(scene, app)).length, 1);
});
