import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { ApplicationId, DeploymentId, OwnerId } from '../lib/ids.ts';
import type { BuildInput } from './build.ts';
import { audiencesOf, dependencyKeys, inputKey } from './keys.ts';
import { planBuild } from './plan-build.ts';
import type { Plan } from './plan-build.ts';
import type { Manifest } from './recipe.ts';
import { dockerRecipe } from './recipes/docker/docker-recipe.ts';
import type { Interpreter } from './recipes/python/interpreters.ts';
import { pythonRecipe } from './recipes/python/python-recipe.ts';
import { seenByCommands } from './seen-variables.ts';

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
    deploymentId: 'deployment_1-aaaaaaaaaaaa' as DeploymentId,
    ownerId: 'orga_1' as OwnerId,
    applicationId: 'app_1' as ApplicationId,
    applicationName: 'train',
    commitId: 'c1',
    environment: {},
    ...rest,
  }) as BuildInput;

type Variables = Record<string, string>;

const keyIn = (environment: Variables, treeId = 't', rest: Partial<BuildInput> = {}) =>
  inputKey(input({ environment, ...rest }), { treeId, plan: planned(environment) });

const other = {
  applicationId: 'app_2' as ApplicationId,
  commitId: 'c2',
  deploymentId: 'deployment_2-bbbbbbbbbbbb' as DeploymentId,
};

test('an artifact is taken again for the same tree and recipe alone', () => {
  assert.equal(keyIn({ OTHER: '1' }), keyIn({ OTHER: '2' }, 't', { commitId: 'c2' }));
  const others = [
    keyIn({}, 'u'),
    keyIn({}, 't', { applicationId: other.applicationId }),
    keyIn({}, 't', { ownerId: 'orga_2' as OwnerId }),
    keyIn({ PYTHON_VERSION: '3.12' }),
    keyIn({ APP_FOLDER: 'api' }),
    keyIn({ CC_RUN_COMMAND: 'x' }),
    keyIn({ CC_PRE_BUILD_HOOK: 'x' }),
    keyIn({ CC_POST_BUILD_HOOK: 'x' }),
    keyIn({ CC_PIP_REQUIREMENTS_FILE: 'x.txt' }),
    keyIn({ PYTHON_SETUP_PY_GOAL: 'build' }),
    keyIn({ CC_IGNORE_FROM_BUILDCACHE: 'x' }),
    keyIn({ PIP_INDEX_URL: 'x' }),
    keyIn({ https_proxy: 'x' }),
    keyIn({}),
  ];
  assert.equal(new Set(others).size, others.length);
});

test('an artifact for which commands run is made again where one of them may see something else', () => {
  const commands: Variables[] = [
    { CC_PRE_BUILD_HOOK: 'x' },
    { CC_POST_BUILD_HOOK: 'x' },
    { PYTHON_SETUP_PY_GOAL: 'build' },
    { CC_CACHE_DEPENDENCIES: 'true', CC_CACHE_DEPENDENCIES_EXTRA_PATHS: 'x' },
  ];
  for (const command of commands) {
    const others = [
      keyIn(command),
      keyIn({ ...command, MODEL: '' }),
      keyIn({ ...command, MODEL: 'small' }),
      keyIn({ ...command, PORT: '9000' }),
      keyIn(command, 't', { commitId: 'c2' }),
      keyIn(command, 't', { applicationName: 'renamed' }),
    ];
    assert.equal(new Set(others).size, others.length, JSON.stringify(command));
    const { deploymentId } = other;
    assert.equal(keyIn(command, 't', { deploymentId }), keyIn(command), 'a restart');
  }
});

test('what belongs to runs alone is not seen by builds, and changes nothing that they make', () => {
  const command = { CC_POST_BUILD_HOOK: 'x' };
  const ofRuns = {
    CC_PRE_RUN_HOOK: 'x',
    CC_RUN_SUCCEEDED_HOOK: 'x',
    CC_RUN_FAILED_HOOK: 'x',
    CC_HEALTH_CHECK_PATH: '/health',
    CC_HEALTH_CHECK_PATH_2: '/ready',
    CG_START_TIMEOUT: '60',
    CG_MAX_DURATION: '1h',
    CG_RETRIES: '2',
    CG_PRIORITY: 'low',
  };
  for (const [name, value] of Object.entries(ofRuns)) {
    const environment = { ...command, [name]: value };
    assert.equal(keyIn(environment), keyIn(command), name);
    assert.ok(!(name in seenByCommands(input({ environment }), planned(environment))), name);
  }
  const said = { ...command, CG_RUN_VARIABLES: 'EPOCHS:HYPER_*' };
  const hyper = { ...said, EPOCHS: '3', HYPER_RATE: '0.1' };
  assert.equal(keyIn(hyper), keyIn({ ...said, EPOCHS: '4' }));
  assert.equal(keyIn(hyper), keyIn(command));
  assert.notEqual(keyIn({ ...hyper, EPOCHS_MORE: '1' }), keyIn(hyper));
  assert.notEqual(keyIn({ CG_RUN_VARIABLES: 'CC_POST_BUILD_HOOK', ...command }), keyIn({}));
  const environment = { ...command, MODEL: 'small' };
  assert.equal(seenByCommands(input({ environment }), planned(environment))['MODEL'], 'small');
});

type Asked = { input?: Partial<BuildInput>; found?: Partial<Manifest> };

/** Where code of packages ran, and where it did not. */
function keysOf({ input: given = {}, found = {} }: Asked = {}, plan = planned()) {
  const { dependencies } = plan;
  assert.ok(dependencies);
  const manifest: Manifest = { digest: 'd', reach: 'packages', variables: [], ...found };
  const asking = input(given);
  const seen = { variables: seenByCommands(asking, plan), home: '/home/bas/app_1', folder: '' };
  return dependencyKeys(asking, plan, { dependencies, manifest, seen });
}

const baseKey = (asked: Asked = {}, plan = planned()) => keysOf(asked, plan).made.withoutCode.key;
const codeKey = (asked: Asked = {}) => keysOf(asked).made.byCode.key;

test('finished packages of the same lines are the same for an application’s commits and variables', () => {
  const { applicationId: _, ...sameApplication } = other;
  const asked = { ...sameApplication, environment: { TOKEN: 'x' } };
  assert.equal(baseKey(), baseKey({ input: asked }));
});

test('dependencies are never shared between owners, applications, interpreters, files or indexes', () => {
  const keys = [
    baseKey({}),
    baseKey({ input: { ownerId: 'orga_2' as OwnerId } }),
    baseKey({ input: { applicationId: other.applicationId } }),
    baseKey({ found: { digest: 'e' } }),
    baseKey({}, planned({ CC_PIP_REQUIREMENTS_FILE: 'other.txt' })),
    baseKey({ input: { environment: { PIP_INDEX_URL: 'x' } } }),
    baseKey({ input: { environment: { UV_INDEX: 'x' } } }),
    baseKey({ input: { environment: { HTTPS_PROXY: 'x' } } }),
    baseKey({}, planned({ PYTHON_VERSION: '3.12' })),
  ];
  assert.equal(new Set(keys).size, keys.length);
});

test('what code of packages made is of one application with equal variables', () => {
  const { applicationId, ...sameApplication } = other;
  assert.equal(codeKey(), codeKey({ input: sameApplication }));
  const ofRuns = { environment: { CC_PRE_RUN_HOOK: 'x' } };
  assert.equal(
    keysOf({ input: ofRuns }, planned(ofRuns.environment)).made.byCode.key,
    codeKey(),
    'of runs alone',
  );
  const keys = [
    codeKey(),
    codeKey({ input: { applicationId } }),
    codeKey({ input: { environment: { CMAKE_ARGS: '-DX' } } }),
    baseKey(),
  ];
  assert.equal(new Set(keys).size, keys.length);
  assert.deepEqual(
    keysOf().taken.map(({ key }) => key),
    [baseKey(), codeKey()],
  );
});

test('a variable counts where a line is written with it, the platform’s own too', () => {
  const key = (value: string, variables: string[]) =>
    baseKey({ input: { environment: { VERSION: value } }, found: { variables } });
  assert.notEqual(key('1', ['VERSION']), key('2', ['VERSION']));
  assert.equal(key('1', []), key('2', []));
  const found = { variables: ['COMMIT_ID'] };
  const { commitId } = other;
  assert.notEqual(baseKey({ found }), baseKey({ found, input: { commitId } }));
});

test('what is installed out of a tree belongs to that commit of that application with its variables', () => {
  const found = { reach: 'tree' as const };
  const { deploymentId } = other;
  assert.deepEqual(keysOf({ found }), keysOf({ found, input: { deploymentId } }));
  const keys = [
    {},
    { commitId: 'c2' },
    { applicationId: other.applicationId },
    { environment: { X: '1' } },
  ].map((given) =>
    keysOf({ found, input: given })
      .taken.map(({ key }) => key)
      .join(),
  );
  assert.equal(new Set(keys).size, keys.length);
});

test('what cannot be followed belongs to its deployment alone', () => {
  const found = { reach: 'unknown' as const };
  const { taken, made } = keysOf({ found });
  assert.deepEqual(taken, [made.byCode]);
  assert.deepEqual(made.withoutCode, made.byCode);
  const { deploymentId } = other;
  assert.notDeepEqual(keysOf({ found, input: { deploymentId } }).taken, taken);
});

test('an artifact is as much somebody’s as what it was installed with', () => {
  const audience = (asked: Asked) => keysOf(asked).made.withoutCode.audience;
  const plan = planned();
  const { always, commit } = audiencesOf(input(), plan);
  assert.equal(audience({}), '');
  assert.equal(keysOf().made.byCode.audience, always);
  assert.equal(audience({ found: { variables: ['APP_ID'] } }), commit);
  assert.equal(audience({ found: { reach: 'tree' } }), commit);
  assert.ok(!['', always, commit].includes(audience({ found: { reach: 'unknown' } })));
  const keys = ['', always, commit].map((one) => inputKey(input(), { treeId: 't', plan }, one));
  assert.equal(new Set(keys).size, 3);
});

test('no two sets of inputs are written the same', () => {
  const environment = fc.dictionary(fc.constantFrom('PIP_A', 'UV_B'), fc.string(), {
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(environment, environment, (a, b) => {
      const same = isDeepStrictEqual(a, b);
      assert.equal(
        baseKey({ input: { environment: a } }) === baseKey({ input: { environment: b } }),
        same,
      );
    }),
  );
});

const docker = dockerRecipe({ allowDockerSocket: false });

function imageKey(
  environment: Variables,
  text = 'FROM x\nARG MODEL',
  rest: Partial<BuildInput> = {},
) {
  const files = new Map(['Dockerfile', 'Other'].map((path) => [path, { text }] as const));
  const plan = planBuild({ kind: 'webapp', environment }, docker, files);
  assert.ok(!('reason' in plan));
  return inputKey(input({ environment, ...rest }), { treeId: 't', plan });
}

test('an image is made again where a build argument, the builder or the file is another; not for a login', () => {
  const login = { CC_DOCKER_LOGIN_USERNAME: 'ada', CC_DOCKER_LOGIN_PASSWORD: 'x' };
  for (const environment of [{ OTHER: '1' }, { CC_DOCKER_EXPOSED_HTTP_PORT: '8888' }, login])
    assert.equal(imageKey(environment), imageKey({}));
  assert.equal(imageKey({}), imageKey({}, undefined, { commitId: 'c2' }));
  const others = [
    imageKey({}),
    imageKey({ MODEL: '' }),
    imageKey({ MODEL: 'small' }),
    imageKey({ CC_DOCKER_BUILDX: 'false' }),
    imageKey({ CC_DOCKERFILE: 'Other' }),
    imageKey({ http_proxy: 'x' }),
    imageKey({ CC_POST_BUILD_HOOK: 'x' }),
    imageKey({ CC_POST_BUILD_HOOK: 'x', OTHER: '1' }),
  ];
  assert.equal(new Set(others).size, others.length);
});

test('an image sees what the platform says, and those of runs, where it asks for them', () => {
  const text = 'FROM x\nARG COMMIT_ID\nARG CC_APP_NAME\nARG CG_RETRIES\nARG CC_DEPLOYMENT_ID';
  const others = [
    imageKey({}, text),
    imageKey({}, text, { commitId: 'c2' }),
    imageKey({}, text, { applicationName: 'renamed' }),
    imageKey({ CG_RETRIES: '2' }, text),
  ];
  assert.equal(new Set(others).size, others.length);
  const { deploymentId } = other;
  assert.equal(imageKey({}, text, { deploymentId }), imageKey({}, text), 'a restart');
  assert.notEqual(imageKey({ X: '1' }, 'FROM y:onbuild'), imageKey({}, 'FROM y:onbuild'));
});
