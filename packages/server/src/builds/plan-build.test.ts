import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { BuildInput } from './build.ts';
import type { Interpreter } from './interpreters.ts';
import { environmentKey, inputKey, planBuild } from './plan-build.ts';
import type { Plan } from './plan-build.ts';
import type { Requirements } from './read-tree.ts';

const interpreters: Interpreter[] = [
  { version: [3, 12, 1], path: '/p', folder: '/bin', digest: 'twelve', readOnly: [] },
  { version: [3, 13, 0], path: '/q', folder: '/bin', digest: 'thirteen', readOnly: [] },
];
const MAIN = { CC_MLPYTHON_RUN_MAIN: 'main.py' };

const decide = (environment: Record<string, string>) =>
  planBuild({ kind: 'webapp', environment: { ...MAIN, ...environment } }, interpreters);

function planned(environment: Record<string, string> = {}): Plan {
  const plan = decide(environment);
  assert.ok(!('reason' in plan), JSON.stringify(plan));
  return plan;
}

test('paths stay inside the repository, whichever variable names them', () => {
  for (const name of ['APP_FOLDER', 'CC_PIP_REQUIREMENTS_FILE', 'CC_IGNORE_FROM_BUILDCACHE'])
    for (const path of ['/etc', '..', '../other', 'a/../../b']) {
      const plan = decide({ [name]: path });
      assert.ok('reason' in plan, `${name}=${path}`);
      assert.equal(plan.reason, 'invalid_variable');
      assert.match(plan.detail, new RegExp(`^${name}=`));
    }
});

test('a folder is the same however it is written', () => {
  for (const folder of ['api', './api', 'api/', ' a/../api '])
    assert.equal(planned({ APP_FOLDER: folder }).folder, 'api');
  for (const root of ['', '.', './']) assert.equal(planned({ APP_FOLDER: root }).folder, '');
});

test('a requirements file must be there only where it is named', () => {
  assert.deepEqual(planned().requirements, { path: 'requirements.txt', named: false });
  assert.deepEqual(planned({ CC_PIP_REQUIREMENTS_FILE: 'config/prod.txt' }).requirements, {
    path: 'config/prod.txt',
    named: true,
  });
});

test('the winner among several start variables, and the version, are said', () => {
  const { notices } = planned({ CC_RUN_COMMAND: 'make', PYTHON_VERSION: '2.7' });
  assert.deepEqual(notices, [
    'CC_RUN_COMMAND wins over CC_MLPYTHON_RUN_MAIN.',
    'PYTHON_VERSION=2.7 is not available here (3.12, 3.13): using 3.13.0.',
    'Using Python 3.13.0',
  ]);
});

test('a Webapp that sets another port is told where visitors come', () => {
  assert.match(planned({ PORT: '9000' }).notices.join('\n'), /PORT is not 8080/);
  for (const environment of [{}, { PORT: '8080' }])
    assert.deepEqual(planned(environment).notices, ['Using Python 3.13.0']);
});

test('a Runner may set PORT as it likes', () => {
  const plan = planBuild({ kind: 'runner', environment: { ...MAIN, PORT: '9' } }, interpreters);
  assert.deepEqual('notices' in plan && plan.notices, ['Using Python 3.13.0']);
});

test('without any Python the operator is asked for one', () => {
  const plan = planBuild({ kind: 'runner', environment: MAIN }, []);
  assert.match('detail' in plan ? plan.detail : '', /ask its operator/);
});

test('what an artifact is made without is a list of paths, under either name', () => {
  const { kept, reusable } = planned({
    CC_IGNORE_FROM_BUILDCACHE: 'data/raw:./tmp/',
    IGNORE_FROM_BUILDCACHE: 'old',
    CC_OVERRIDE_BUILDCACHE: 'main.py:lib',
    CC_DISABLE_BUILD_CACHE_UPLOAD: 'Yes',
  });
  assert.deepEqual(kept, { except: ['data/raw', 'tmp', 'old'], only: ['main.py', 'lib'] });
  assert.equal(reusable, false);
  assert.deepEqual(planned().kept, { except: [], only: undefined });
  assert.equal(planned({ CC_DISABLE_BUILD_CACHE_UPLOAD: 'false' }).reusable, true);
});

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

const requirements = (rest: Partial<Requirements> = {}): Requirements => ({
  path: 'requirements.txt',
  digest: 'd',
  local: false,
  variables: [],
  ...rest,
});

type Asked = { input?: Partial<BuildInput>; found?: Partial<Requirements>; tree?: string };
const sharedKey = ({ input: given = {}, found = {}, tree = 't' }: Asked, plan = planned()) =>
  environmentKey(input(given), plan, { requirements: requirements(found), treeId: tree });

test('dependencies of the same lines are shared by an owner’s applications and trees', () => {
  const other = { applicationId: 'app_2' as ApplicationId, environment: { TOKEN: 'x' } };
  assert.equal(sharedKey({}), sharedKey({ input: other, tree: 'u' }));
});

test('dependencies are never shared between owners, interpreters, files or indexes', () => {
  const keys = [
    sharedKey({}),
    sharedKey({ input: { ownerId: 'orga_2' as OwnerId } }),
    sharedKey({ found: { digest: 'e' } }),
    sharedKey({ found: { path: 'other.txt' } }),
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
