import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { ApplicationId, DeploymentId, OwnerId } from '../lib/ids.ts';
import { dataPaths } from '../paths.ts';
import { commitOf } from '../testing/commit-of.ts';
import { recipesWith } from '../testing/recipes.ts';
import { treeOf } from '../testing/tree-of.ts';
import { createBuilder } from './advance-build.ts';
import type { Artifact, BuildInput } from './build.ts';
import { STEP } from './describe-broken.ts';
import { RAN_NO_CODE } from './recipe.ts';
import { pythonRecipe } from './recipes/python/python-recipe.ts';

const python = pythonRecipe({
  interpreters: [{ version: [3, 13, 0], path: '/p', folder: '/bin', digest: 'p', readOnly: [] }],
  installer: { uv: '/tools/uv', settings: {}, readOnly: [] },
});

type Build = Partial<Pick<BuildInput, 'useCache' | 'commitId'>> & {
  application?: string;
  environment?: Record<string, string>;
  /** Whether packages are built of their sources where any are installed. */
  ofSources?: boolean;
};

/** Builds of a repository that has these files, one after the other: what each of them did. */
async function open(t: TestContext, files: Record<string, string>) {
  const paths = dataPaths(await treeOf(t, {}));
  const made: (Artifact & { applicationId: string })[] = [];
  const builder = createBuilder({
    paths,
    recipes: recipesWith({ python }),
    ...commitOf(files),
    findMadeFrom: async (applicationId, key) =>
      made.findLast((one) => one.applicationId === applicationId && one.id.startsWith(`${key}.`)),
    findDependencies: async (key) =>
      made.findLast(
        ({ installedKey: known }) => known === key || known?.startsWith(`${key}.`) === true,
      )?.installedKey,
    clock: () => 1_000_000,
    say: async () => undefined,
  });
  let deployments = 0;
  /** `installed` anew, `linked` to what was installed, or wholly taken `again`. */
  return async ({ application = 'app_1', ofSources = false, ...rest }: Build = {}) => {
    deployments += 1;
    const number = String(deployments).padStart(12, '0');
    const order: BuildInput = {
      deploymentId: `deployment_00000000-0000-0000-0000-${number}` as DeploymentId,
      applicationId: application as ApplicationId,
      applicationName: application,
      ownerId: 'orga_1' as OwnerId,
      commitId: 'c1',
      kind: 'webapp',
      runtime: 'python',
      useCache: true,
      ...rest,
      environment: { CC_MLPYTHON_RUN_MAIN: 'main.py', ...rest.environment },
    };
    const { signal } = new AbortController();
    let progress = await builder.advance(order, [], signal);
    const installs = progress.next === 'run' && progress.step.number === STEP.dependencies;
    if (installs) {
      const staging = join(paths.checkout(order.deploymentId), 'environment');
      await mkdir(staging, { recursive: true });
      if (!ofSources) await writeFile(join(staging, RAN_NO_CODE), '');
      const done = {
        number: STEP.dependencies,
        succeeded: true,
        reason: null,
        detail: '',
        exitCode: 0,
      };
      progress = await builder.advance(order, [done], signal);
    }
    assert.ok(progress.next === 'done', JSON.stringify(progress));
    const { artifact } = progress;
    const isAgain = made.some(({ id }) => id === artifact.id);
    made.push({ ...artifact, applicationId: application });
    return installs ? 'installed' : isAgain ? 'again' : 'linked';
  };
}

const FILES = { 'main.py': '', 'requirements.txt': 'six\n' };

test('finished packages are their application’s, and no variable builds anew but those of the installer', async (t) => {
  const build = await open(t, FILES);
  assert.equal(await build(), 'installed');
  assert.equal(await build({ environment: { EPOCHS: '3' }, commitId: 'c2' }), 'again');
  const other = 'an application’s code may write what its installer reads';
  assert.equal(await build({ application: 'app_2' }), 'installed', other);
  assert.equal(await build({ environment: { PIP_INDEX_URL: 'https://x' } }), 'installed');
});

test('what code of packages made is its application’s, with the same variables', async (t) => {
  const build = await open(t, FILES);
  const small = { environment: { MODEL: 'small' }, ofSources: true };
  assert.equal(await build(small), 'installed');
  assert.equal(await build({ ...small, commitId: 'c2' }), 'again');
  assert.equal(await build({ ...small, application: 'app_2' }), 'installed');
  assert.equal(await build({ ...small, environment: { MODEL: 'large' } }), 'installed');
  assert.equal(await build(small), 'again');
  const ofRuns = { ...small.environment, CC_PRE_RUN_HOOK: 'x', CG_RETRIES: '2' };
  assert.equal(await build({ ...small, environment: ofRuns }), 'again');
});

test('a variable that a line is written with builds anew, and installs where it says something else', async (t) => {
  const build = await open(t, { ...FILES, 'requirements.txt': 'six==${VERSION}\n' });
  assert.equal(await build({ environment: { VERSION: '1' } }), 'installed');
  assert.equal(await build({ environment: { VERSION: '2' } }), 'installed');
  assert.equal(await build({ environment: { VERSION: '2' } }), 'again');
  assert.equal(await build({ environment: { VERSION: '2', OTHER: '1' } }), 'linked');
});

test('what is of the repository is its commit’s', async (t) => {
  const build = await open(t, { ...FILES, 'requirements.txt': '-e .\n' });
  const ofSources = true;
  assert.equal(await build({ ofSources }), 'installed');
  assert.equal(await build({ ofSources }), 'again');
  assert.equal(await build({ ofSources, environment: { X: '1' } }), 'installed');
  assert.equal(await build({ ofSources, commitId: 'c2' }), 'installed');
});

test('what cannot be followed is installed each time, on restarts too', async (t) => {
  const build = await open(t, { ...FILES, 'requirements.txt': '-r "https://x/base.txt"\n' });
  for (const application of ['app_1', 'app_1', 'app_2'])
    assert.equal(await build({ application }), 'installed');
});

test('what is installed afresh is taken from then on', async (t) => {
  const build = await open(t, FILES);
  for (const ofSources of [false, true]) {
    const environment = { MODEL: String(ofSources), UV_NO_BINARY: String(ofSources) };
    assert.equal(await build({ environment, ofSources }), 'installed');
    assert.equal(await build({ environment, ofSources, useCache: false }), 'installed');
    assert.equal(await build({ environment, ofSources }), 'again');
  }
});
