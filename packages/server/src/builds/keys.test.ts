import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { BuildInput } from './build.ts';
import { dependenciesKey, inputKey } from './keys.ts';
import { planBuild } from './plan-build.ts';
import type { Plan } from './plan-build.ts';
import type { Manifest } from './recipe.ts';
import { dockerRecipe } from './recipes/docker/docker-recipe.ts';
import type { Interpreter } from './recipes/python/interpreters.ts';
import { pythonRecipe } from './recipes/python/python-recipe.ts';

const interpreters: Interpreter[] = [
  { version: [3, 12, 1], path: '/p', folder: '/bin', digest: 'twelve', readOnly: [] },
  { version: [3, 13, 0], path: '/q', folder: '/bin', digest: 'thirteen', readOnly: [] },
];
const installer = { uv: undefined, settings: {}, readOnly: [] };
const MAIN = { CC_MLPYTHON_RUN_MAIN: 'main.py' };
const recipe = pythonRecipe({ interpreters, installer });

const decide = (environment: Record<string, string>) =>
  planBuild({ kind: 'webapp', environment: { ...MAIN, ...environment } }, recipe, new Map());

function planned(environment: Record<string, string> = {}): Plan {
  const plan = decide(environment);
  assert.ok(!('reason' in plan), JSON.stringify(plan));
  return plan;
}

const input = (rest: Partial<BuildInput> = {}): BuildInput =>
  ({
    ownerId: 'orga_1' as OwnerId,
    applicationId: 'app_1' as ApplicationId,
    environment: {},
    ...rest,
  }) as BuildInput;

test('an artifact is taken again for the same tree and recipe alone', () => {
  const key = (environment: Record<string, string>, treeId = 't', rest: Partial<BuildInput> = {}) =>
    inputKey(input(rest), treeId, planned(environment));
  assert.equal(key({ OTHER: '1' }), key({ OTHER: '2' }));
  const others = [
    key({}, 'u'),
    key({}, 't', { applicationId: 'app_2' as ApplicationId }),
    key({}, 't', { ownerId: 'orga_2' as OwnerId }),
    key({ PYTHON_VERSION: '3.12' }),
    key({ APP_FOLDER: 'api' }),
    key({ CC_RUN_COMMAND: 'x' }),
    key({ CC_PRE_BUILD_HOOK: 'x' }),
    key({ CC_POST_BUILD_HOOK: 'x' }),
    key({ CC_PIP_REQUIREMENTS_FILE: 'x.txt' }),
    key({ PYTHON_SETUP_PY_GOAL: 'build' }),
    key({ CC_IGNORE_FROM_BUILDCACHE: 'x' }),
    key({}),
  ];
  assert.equal(new Set(others).size, others.length);
});

const manifestOf = (rest: Partial<Manifest> = {}): Manifest => ({
  digest: 'd',
  local: false,
  variables: [],
  ...rest,
});

type Asked = { input?: Partial<BuildInput>; found?: Partial<Manifest>; tree?: string };
function sharedKey({ input: given = {}, found = {}, tree = 't' }: Asked, plan = planned()) {
  const { dependencies } = plan;
  assert.ok(dependencies);
  const manifest = manifestOf(found);
  return dependenciesKey(input(given), plan, { dependencies, manifest, treeId: tree });
}

test('dependencies of the same lines are shared by an owner’s applications and trees', () => {
  const other = { applicationId: 'app_2' as ApplicationId, environment: { TOKEN: 'x' } };
  assert.equal(sharedKey({}), sharedKey({ input: other, tree: 'u' }));
});

test('dependencies are never shared between owners, interpreters, files or indexes', () => {
  const keys = [
    sharedKey({}),
    sharedKey({ input: { ownerId: 'orga_2' as OwnerId } }),
    sharedKey({ found: { digest: 'e' } }),
    sharedKey({}, planned({ CC_PIP_REQUIREMENTS_FILE: 'other.txt' })),
    sharedKey({ input: { environment: { PIP_INDEX_URL: 'x' } } }),
    sharedKey({ input: { environment: { UV_INDEX: 'x' } } }),
    sharedKey({}, planned({ PYTHON_VERSION: '3.12' })),
  ];
  assert.equal(new Set(keys).size, keys.length);
});

test('a variable counts where a line is written with it', () => {
  const key = (value: string, variables: string[]) =>
    sharedKey({ input: { environment: { VERSION: value } }, found: { variables } });
  assert.notEqual(key('1', ['VERSION']), key('2', ['VERSION']));
  assert.equal(key('1', []), key('2', []));
});

test('what is installed out of a tree belongs to that tree of that application', () => {
  for (const shared of [
    { found: { local: true } },
    { input: { environment: { PIP_CONSTRAINT: 'pins.txt' } } },
  ] satisfies Asked[]) {
    assert.notEqual(sharedKey(shared), sharedKey({ ...shared, tree: 'u' }));
    assert.equal(sharedKey(shared), sharedKey(shared));
  }
});

test('no two sets of inputs are written the same', () => {
  const environment = fc.dictionary(fc.constantFrom('PIP_A', 'UV_B'), fc.string(), {
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(environment, environment, (a, b) => {
      const same = isDeepStrictEqual(a, b);
      assert.equal(
        sharedKey({ input: { environment: a } }) === sharedKey({ input: { environment: b } }),
        same,
      );
    }),
  );
});

test('an image is made again where a build argument, the builder or the file is another; not for a login', () => {
  const docker = dockerRecipe({ allowDockerSocket: false });
  const files = new Map(
    ['Dockerfile', 'Other'].map((path) => [path, { text: 'FROM x\nARG MODEL' }] as const),
  );
  const key = (environment: Record<string, string>): string => {
    const plan = planBuild({ kind: 'webapp', environment }, docker, files);
    assert.ok(!('reason' in plan));
    return inputKey(input(), 't', plan);
  };
  const login = { CC_DOCKER_LOGIN_USERNAME: 'ada', CC_DOCKER_LOGIN_PASSWORD: 'x' };
  for (const environment of [{ OTHER: '1' }, { CC_DOCKER_EXPOSED_HTTP_PORT: '8888' }, login])
    assert.equal(key(environment), key({}));
  const others = [
    key({}),
    key({ MODEL: '' }),
    key({ MODEL: 'small' }),
    key({ CC_DOCKER_BUILDX: 'false' }),
    key({ CC_DOCKERFILE: 'Other' }),
  ];
  assert.equal(new Set(others).size, others.length);
});
