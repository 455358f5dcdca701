import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containersOf, docker, openApplication, openScene, webapp } from './docker-scene.ts';
import type { Application, Scene } from './docker-scene.ts';
import { until } from './platform.ts';

/** The containers of an application and when each was started: one that was started again is not the same. */
async function startsOf(scene: Scene, app: Application): Promise<string> {
  const shown = ['--format', '{{.Id}} {{.State.StartedAt}} {{.State.Pid}}'];
  return docker(scene, 'inspect', ...shown, ...(await containersOf(scene, app)));
}

async function crash({ platform }: Scene): Promise<void> {
  platform.kill();
  await until('the control plane is dead', () => !platform.running());
}

test('killed while an image is built, the platform builds it and starts it once', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const slow = 'RUN echo "a layer is made"; sleep 3\n';
  const app = await openApplication(scene, webapp('built', slow));
  assert.equal((await app.push()).code, 0);
  await until('it is built', async () => (await app.logs()).includes('a layer is made'));
  await crash(scene);
  await scene.platform.start();
  await app.serves('built');
  await until('it is live', () => app.deployments()[0]?.status === 'live');
  assert.equal(app.deployments().length, 1);
  assert.equal((await containersOf(scene, app)).length, 1);
  assert.equal(scene.platform.query(`select id from instances where ${app.of}`).length, 2);
});

test('a container serves while the control plane is away, and is the same one afterwards', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const app = await openApplication(scene, webapp('still here'));
  assert.equal((await app.deploy()).code, 0);
  const before = await startsOf(scene, app);
  await crash(scene);
  assert.equal((await app.visit()).body, 'still here');
  await scene.platform.start();
  assert.equal((await app.visit()).body, 'still here');
  assert.equal(await startsOf(scene, app), before);
  assert.equal((await app.restart()).code, 0);
  await until(
    'the former container is gone',
    async () => (await containersOf(scene, app)).length === 1,
  );
  assert.notEqual(await startsOf(scene, app), before);
});

test('a container serves while its engine is away, and is the same one afterwards', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const app = await openApplication(scene, webapp('here, too'));
  assert.equal((await app.deploy()).code, 0);
  const before = await startsOf(scene, app);
  await scene.docker.kill();
  assert.equal((await app.visit()).body, 'here, too');
  await scene.docker.start();
  await scene.docker.restart();
  assert.equal(await startsOf(scene, app), before);
  assert.equal((await app.visit()).body, 'here, too');
  const said = await app.restart();
  assert.equal(said.code, 0, said.out);
});
