import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serveRegistry } from '../../packages/server/src/testing/registry.ts';
import {
  docker,
  openApplication,
  openScene,
  PYTHON_IMAGE,
  runner,
  webapp,
} from './docker-scene.ts';
import { until } from './platform.ts';
import { openSshClient } from './ssh-client.ts';

test('a Runner’s exit code is its run’s, and a restart takes the image that is there', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const app = await openApplication(scene, {}, { type: 'ml_docker', example: 'invent-names' });
  const { code, out } = await app.deploy();
  assert.equal(code, 0, out);
  assert.match(
    out,
    /FROM [\w./]*python:3\.12-slim[\s\S]*epoch 8\/8: \d+\.\d letters[\s\S]*invented [A-Z]/,
  );
  await app.set('EPOCHS=0');
  const failed = await app.restart();
  assert.equal(failed.code, 1, failed.out);
  assert.match(failed.out, /nothing was learnt[\s\S]*exit code 3/);
  assert.doesNotMatch(failed.out, /FROM /);
  assert.equal(app.builds(), 1);
});

test('a Webapp answers on the port that it exposes, and its variables are arguments of its build', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const env = [
    'CC_DOCKER_EXPOSED_HTTP_PORT=8888',
    'CC_HEALTH_CHECK_PATH=/health',
    'LONGEST_GRAM=4',
  ];
  const app = await openApplication(scene, {}, { env, example: 'detect-language' });
  const { code, out } = await app.deploy();
  assert.equal(code, 0, out);
  assert.match(out, /learnt 5 languages by up to 4 letters[\s\S]*listening on port 8888/);
  const longest = async () => JSON.parse((await app.visit('/health')).body).longest as number;
  assert.equal(await longest(), 4);
  await app.set('GREETING=hello');
  assert.equal((await app.restart()).code, 0);
  assert.equal(app.builds(), 1, 'the Dockerfile does not ask for GREETING');
  await app.set('LONGEST_GRAM=2');
  assert.match((await app.restart()).out, /by up to 2 letters/);
  assert.equal(app.builds(), 2);
  await until('the new image serves', async () => (await longest()) === 2);
});

test('both of its streams are in the log, and a former commit is deployed without a build', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const says = (what: string) =>
    `import sys\nprint("${what} to stdout")\nprint("${what} to stderr", file=sys.stderr)\n`;
  const app = await openApplication(scene, runner(says('first')), { type: 'ml_docker' });
  assert.equal((await app.deploy()).code, 0);
  const head = (await scene.platform.git(['rev-parse', 'HEAD'], app.folder)).out.trim();
  await app.change({ 'main.py': says('second') });
  const second = await app.deploy();
  assert.match(
    second.out,
    /second to stdout[\s\S]*second to stderr|second to stderr[\s\S]*second to stdout/,
  );
  const former = await scene.platform.grid(['restart', '--commit', head], { folder: app.folder });
  assert.equal(former.code, 0, former.out);
  assert.match(former.out, /first to stdout/);
  assert.equal(app.builds(), 2);
  assert.match(await app.logs('--search', 'first to stderr'), /first to stderr/);
});

test('a private image is had by who signs in, and by nobody else', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const { host } = await serveRegistry(t, { username: 'ada', password: 'correct horse' });
  const files = {
    Dockerfile: `FROM ${host}/lab/private:1 AS private\nFROM ${PYTHON_IMAGE}\nCOPY --from=private . /private\nCMD ["python", "-c", "print(6 * 7)"]\n`,
  };
  const login = [`CC_DOCKER_LOGIN_SERVER=${host}`, 'CC_DOCKER_LOGIN_USERNAME=ada'];
  const env = [...login, 'CC_DOCKER_LOGIN_PASSWORD=wrong battery'];
  const app = await openApplication(scene, files, { type: 'ml_docker', env });
  const refused = await app.deploy();
  assert.equal(refused.code, 1);
  assert.match(
    refused.out,
    new RegExp(`The login as ada at ${host} failed, and the build goes on without`),
  );
  assert.match(refused.out, /CC_DOCKER_LOGIN/);
  assert.doesNotMatch(refused.out, /wrong battery/);
  await app.set('CC_DOCKER_LOGIN_PASSWORD=correct horse');
  const { code, out } = await app.restart();
  assert.equal(code, 0, out);
  assert.match(out, / 42\n/);
  assert.doesNotMatch(out, /correct horse/);
});

const HOOKS = ['PRE_BUILD', 'POST_BUILD', 'PRE_RUN', 'RUN_SUCCEEDED', 'RUN_FAILED'];

test('hooks run in their order, after the build only where there was one, and the last in the container', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const hooks = HOOKS.map((name) => `CC_${name}_HOOK=echo "hook ${name} $(ls /only-there 2>&1)"`);
  const files = webapp('hooked', 'COPY made-before /only-there\n');
  const env = [...hooks.slice(1), 'CC_PRE_BUILD_HOOK=echo "hook PRE_BUILD"; touch made-before'];
  const app = await openApplication(scene, files, { env });
  const hooksOf = async (command: 'deploy' | 'restart'): Promise<string[]> => {
    const { code, out } = await app[command]();
    assert.equal(code, 0, out);
    const deployment = /deployment_[\w-]+/.exec(out)?.[0] ?? '';
    let log = '';
    await until('the last hook has run', async () => {
      log = await app.logs('--deployment', deployment);
      return log.includes('hook RUN_SUCCEEDED');
    });
    assert.match(log, /hook RUN_SUCCEEDED \/only-there/);
    return [...log.matchAll(/hook ([A-Z_]+)/g)].map(([, name = '']) => name);
  };
  assert.deepEqual(await hooksOf('deploy'), HOOKS.slice(0, 4));
  assert.deepEqual(await hooksOf('restart'), ['PRE_BUILD', 'PRE_RUN', 'RUN_SUCCEEDED']);
  assert.equal(app.deployments().length, 2);
});

test('whoever enters is in the container, with its environment and its files', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const app = await openApplication(scene, webapp('entered'), { env: ['GREETING=it’s me'] });
  assert.equal((await app.deploy()).code, 0);
  const { ssh } = openSshClient(scene.platform);
  const { code, out, err } = await ssh([app.id, 'echo "$GREETING"; ls /server.py; exit 4']);
  assert.equal(code, 4, err);
  assert.equal(out.toString(), 'it’s me\n/server.py\n');
});

test('instances of one application reach each other by address', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const app = await openApplication(scene, webapp('neighbour'), { args: ['--nodes', '2'] });
  assert.equal((await app.deploy()).code, 0);
  const instances = scene.platform.query<{ id: string; endpoint_host: string }>(
    `select id, endpoint_host from instances where ${app.of} and status = 'healthy' order by number`,
  );
  assert.equal(new Set(instances.map((one) => one.endpoint_host)).size, 2);
  const { ssh } = openSshClient(scene.platform);
  for (const [from, to] of [instances, instances.toReversed()]) {
    const ask = `python -c "import urllib.request as u; print(u.urlopen('http://${to?.endpoint_host}:8080').read())"`;
    const { out, err } = await ssh([from?.id ?? '', ask]);
    assert.match(out.toString(), /neighbour/, err);
  }
});

test('what is stopped, or deleted, has no container', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const app = await openApplication(scene, webapp('gone'));
  const containers = () =>
    docker(scene, 'ps', '--all', '--quiet', '--filter', `label=clever-grid.application=${app.id}`);
  await app.push();
  for (const end of [['stop'], ['app', 'delete', app.id, '--yes']]) {
    const { code, out } = await app.restart();
    assert.equal(code, 0, out);
    assert.notEqual(await containers(), '');
    await scene.platform.grid(end, { folder: app.folder });
    await until('no container is left', async () => (await containers()) === '');
    await until('nobody answers', async () => (await app.visit()).status >= 404);
  }
});
