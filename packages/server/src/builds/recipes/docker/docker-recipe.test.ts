import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImagePlan, RecipePlan, Variables } from '../../recipe.ts';
import { dockerRecipe } from './docker-recipe.ts';

type World = { text?: string; allowDockerSocket?: boolean };

function decide(environment: Variables, { text, allowDockerSocket = false }: World = {}) {
  const recipe = dockerRecipe({ allowDockerSocket });
  const files = new Map(
    recipe.wants(environment, new Map()).map(({ path }) => [path, { text }] as const),
  );
  return recipe.plan({ kind: 'webapp', environment, files });
}

function planned(environment: Variables = {}, world?: World): RecipePlan & { build: ImagePlan } {
  const plan = decide(environment, world);
  assert.ok(!('reason' in plan), JSON.stringify(plan));
  const { build } = plan;
  assert.ok(build !== undefined && 'image' in build);
  return { ...plan, build };
}

function refused(environment: Variables): string {
  const plan = decide(environment);
  assert.ok('reason' in plan);
  assert.equal(plan.reason, 'invalid_variable');
  return plan.detail;
}

test('an image is made of the Dockerfile at the root, by BuildKit, as nobody', () => {
  const { build, start, notices } = planned();
  assert.deepEqual(build, {
    name: 'Building the image of Dockerfile',
    needs: { setting: 'CC_DOCKERFILE', file: { path: 'Dockerfile', executable: false } },
    image: { builder: 'buildkit', login: undefined, arguments: undefined },
  });
  assert.deepEqual(start.command, { name: 'the command of Dockerfile' });
  assert.deepEqual(notices, []);
});

test('another Dockerfile is wanted, and named, as CC_DOCKERFILE says', () => {
  const environment = { CC_DOCKERFILE: './docker/train.Dockerfile' };
  const wanted = dockerRecipe({ allowDockerSocket: false }).wants(environment, new Map());
  assert.deepEqual(wanted, [{ path: 'docker/train.Dockerfile', read: true }]);
  const { build } = planned(environment);
  assert.equal(build.needs.file?.path, 'docker/train.Dockerfile');
  assert.match(build.name, /CC_DOCKERFILE=docker\/train\.Dockerfile/);
  for (const path of ['/etc/passwd', '../Dockerfile'])
    assert.match(refused({ CC_DOCKERFILE: path }), /^CC_DOCKERFILE=.*inside the repository/);
});

test('the classic builder is taken where BuildKit is turned off', () => {
  const builder = (value: string) => planned({ CC_DOCKER_BUILDX: value }).build.image.builder;
  assert.deepEqual(['false', 'Off', 'true', ''].map(builder), [
    'classic',
    'classic',
    'buildkit',
    'buildkit',
  ]);
});

test('a login is that of Docker Hub unless another registry is named, and takes a name and a password', () => {
  const [username, password] = ['ada', 'a secret'];
  const both = { CC_DOCKER_LOGIN_USERNAME: username, CC_DOCKER_LOGIN_PASSWORD: password };
  const login = (more: Variables) => planned({ ...both, ...more }).build.image.login;
  assert.deepEqual(login({}), { server: 'https://index.docker.io/v1/', username, password });
  assert.equal(
    login({ CC_DOCKER_LOGIN_SERVER: 'registry.example.com' })?.server,
    'registry.example.com',
  );
  assert.match(refused({ CC_DOCKER_LOGIN_USERNAME: username }), /CC_DOCKER_LOGIN_PASSWORD is not/);
  const onlyPassword = refused({ CC_DOCKER_LOGIN_PASSWORD: password });
  assert.match(onlyPassword, /CC_DOCKER_LOGIN_USERNAME is not/);
  assert.ok(!onlyPassword.includes(password));
});

test('exposed ports are ports', () => {
  for (const name of ['CC_DOCKER_EXPOSED_HTTP_PORT', 'CC_DOCKER_EXPOSED_TCP_PORT']) {
    for (const port of ['0', '65536', '80a', '-1', '8e3', '80.5'])
      assert.match(refused({ [name]: port }), new RegExp(`^${name}=${port}`));
    for (const port of ['1', '65535', '', ' 8888 ']) planned({ [name]: port });
  }
});

test('the socket of the engine is given where the operator allows it, refused elsewhere', () => {
  const environment = { CC_MOUNT_DOCKER_SOCKET: 'true' };
  assert.match(refused(environment), /^CC_MOUNT_DOCKER_SOCKET.*operator does not allow it/);
  const { start } = planned(environment, { allowDockerSocket: true });
  assert.ok('mountSocket' in start.command && start.command.mountSocket);
  const off = planned({ CC_MOUNT_DOCKER_SOCKET: 'false' }, { allowDockerSocket: true });
  assert.ok(!('mountSocket' in off.start.command));
});

test('what has no effect is said once, and what is empty is not', () => {
  const named = (environment: Variables) =>
    planned(environment).notices.map((notice) => notice.replace(/ has no effect.*/, ''));
  const without = [
    'CC_MLPYTHON_RUN_MAIN',
    'CC_RUN_COMMAND',
    'CC_WORKER_COMMAND',
    'CC_WORKER_COMMAND_1',
  ];
  assert.deepEqual(named(Object.fromEntries(without.map((name) => [name, 'x']))), without);
  assert.deepEqual(named({ CC_RUN_COMMAND: ' ' }), []);
  assert.deepEqual(named({ CC_DOCKER_FIXED_CIDR_V6: 'fd00::/80' }), ['CC_DOCKER_FIXED_CIDR_V6']);
});
