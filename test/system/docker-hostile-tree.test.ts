import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { need } from '../../packages/server/src/testing/need.ts';
import { docker, openApplication, openScene } from './docker-scene.ts';
import { PYTHON_IMAGE } from './docker-scene.ts';
import { meetHostileTrees, readAsNobody, serveTwo } from './hostile-tree.ts';

const everything = { GRID_ENGINE: 'docker' };
const isRoot = process.getuid?.() === 0;

test('in containers, too, a tenant’s steps lead the platform nowhere', async (t) => {
  const scene = await openScene(t, everything);
  if (scene === undefined || !need(t, isRoot, 'root')) return;
  await meetHostileTrees(scene.platform);
});

test('what an image is made of is the application’s, whatever its steps have put in the place of it', async (t) => {
  const scene = await openScene(t, everything);
  if (scene === undefined || !need(t, isRoot, 'root')) return;
  const { home } = scene.platform;
  const canary = join(home, 'secrets');
  mkdirSync(canary, { mode: 0o700 });
  const loot = `FROM ${PYTHON_IMAGE}\nCOPY . /loot\nRUN ls -R /loot\n`;
  writeFileSync(join(canary, 'Dockerfile'), loot);
  writeFileSync(join(canary, 'canary-of-root'), 'secret');
  for (const hook of [
    `cd .. && mv sub old && ln -s ${canary} sub`,
    `ln -sfn ${canary}/Dockerfile Dockerfile`,
    `printf '!x' > .dockerignore && ln -sfn ${canary}/canary-of-root Dockerfile.dockerignore && ln -sfn ${canary} more`,
  ]) {
    const env = ['APP_FOLDER=sub', `CC_PRE_BUILD_HOOK=${hook}`];
    const files = { 'sub/Dockerfile': loot, 'sub/more/x': '' };
    const application = await openApplication(scene, files, { type: 'ml_docker', env });
    const { out } = await application.deploy();
    assert.doesNotMatch(out, /canary-of-root|secret\b/, hook);
    const images = await docker(scene, 'images', '--quiet', `clever-grid/${application.id}`);
    if (hook.includes('more')) continue;
    assert.match(out, /leads out of the repository/, hook);
    assert.equal(images, '', hook);
  }
});

test('who is nobody here reads nothing of what containers are given', async (t) => {
  const scene = await openScene(t, everything);
  if (scene === undefined || !need(t, isRoot, 'root')) return;
  await serveTwo(scene.platform);
  assert.deepEqual(await readAsNobody(scene.platform), [join(scene.platform.data, 'ca.pem')]);
});
