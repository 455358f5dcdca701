import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planBuild } from './plan-build.ts';
import type { Plan } from './plan-build.ts';
import type { Recipe } from './recipe.ts';
import { dockerRecipe } from './recipes/docker/docker-recipe.ts';

/** Starts what it is told to. */
const recipe: Recipe = {
  version: 'test/1',
  variables: [
    { name: 'PLAIN[_n]', what: '' },
    { name: 'KEY', what: '', secret: true },
  ],
  wants: () => [],
  plan: () => ({
    toolchain: { path: [], variables: {}, readOnly: [], digest: '' },
    dependencies: undefined,
    build: undefined,
    start: { setting: 'X', command: { name: 'x', argv: ['x'] }, file: undefined },
    notices: ['hello'],
  }),
};

const decide = (environment: Record<string, string>) =>
  planBuild({ kind: 'webapp', environment }, recipe, new Map());

function planned(environment: Record<string, string> = {}): Plan {
  const plan = decide(environment);
  assert.ok(!('reason' in plan), JSON.stringify(plan));
  return plan;
}

test('paths stay inside the repository, whichever variable names them', () => {
  for (const name of ['APP_FOLDER', 'CC_OVERRIDE_BUILDCACHE', 'CC_IGNORE_FROM_BUILDCACHE'])
    for (const path of ['/etc', '..', '../other', 'a/../../b']) {
      const plan = decide({ [name]: path });
      assert.ok('reason' in plan, `${name}=${path}`);
      assert.equal(plan.reason, 'invalid_variable');
      assert.match(plan.detail, new RegExp(`^${name}=`));
    }
});

test('a path is no longer and no deeper than one of a commit can be', () => {
  for (const path of ['a/'.repeat(257), 'é'.repeat(1025)])
    for (const name of ['APP_FOLDER', 'CC_OVERRIDE_BUILDCACHE']) {
      const plan = decide({ [name]: path });
      assert.ok('reason' in plan, name);
      assert.equal(plan.reason, 'invalid_variable');
      assert.equal(plan.detail, `${name}: a path has at most 2048 bytes and 256 names.`);
    }
  const deepest = 'abcdef/'.repeat(256).slice(0, -1);
  assert.equal(planned({ APP_FOLDER: deepest }).folder, deepest);
});

test('a file that is too long to be read is named', () => {
  const files = new Map([
    ['pyproject.toml', { text: undefined, longerThan: 256 * 1024 }],
    ['uv.lock', { text: undefined }],
    ['setup.py', undefined],
  ]);
  const plan = planBuild({ kind: 'runner', environment: {} }, recipe, files);
  assert.ok('notices' in plan);
  assert.deepEqual(plan.notices, [
    'pyproject.toml is longer than 256 KiB: nothing is decided by what it says.',
    'hello',
  ]);
});

test('a folder is the same however it is written', () => {
  for (const folder of ['api', './api', 'api/', ' a/../api '])
    assert.equal(planned({ APP_FOLDER: folder }).folder, 'api');
  for (const root of ['', '.', './']) assert.equal(planned({ APP_FOLDER: root }).folder, '');
});

test('a Webapp that sets another port is told where visitors come', () => {
  assert.match(planned({ PORT: '9000' }).notices.join('\n'), /PORT is not 8080/);
  for (const environment of [{}, { PORT: '8080' }])
    assert.deepEqual(planned(environment).notices, ['hello']);
});

test('a Runner may set PORT as it likes', () => {
  const plan = planBuild({ kind: 'runner', environment: { PORT: '9' } }, recipe, new Map());
  assert.deepEqual('notices' in plan && plan.notices, ['hello']);
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

test('values are hidden unless a page says what they are, and that they are no secret', () => {
  const environment = {
    PLAIN: 'plain value',
    PLAIN_3: 'plain too, this',
    KEY: 'secret value',
    DATABASE: 'unknown value',
    SHORT: '1234567',
    APP_FOLDER: 'services/api',
  };
  assert.deepEqual(planned(environment).masked, ['secret value', 'unknown value']);
});

test('a Docker Webapp whose PORT is not the exposed one is told; its password is hidden', () => {
  const environment = {
    CC_DOCKER_EXPOSED_HTTP_PORT: '8888',
    CC_DOCKER_LOGIN_USERNAME: 'somebody',
    CC_DOCKER_LOGIN_PASSWORD: 'a password',
  };
  const docker = dockerRecipe({ allowDockerSocket: false });
  const decided = (PORT: string) => {
    const plan = planBuild(
      { kind: 'webapp', environment: { ...environment, PORT } },
      docker,
      new Map(),
    );
    assert.ok(!('reason' in plan));
    return plan;
  };
  assert.match(decided('8080').notices.join('\n'), /PORT is not 8888/);
  assert.deepEqual(decided('8888').notices, []);
  assert.deepEqual(decided('8888').masked, ['a password']);
});
