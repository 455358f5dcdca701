import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { ApplicationId, DeploymentId, OwnerId } from '../lib/ids.ts';
import { dataPaths } from '../paths.ts';
import { recipesWith } from '../testing/recipes.ts';
import { treeOf } from '../testing/tree-of.ts';
import { createBuilder } from './advance-build.ts';
import type { BuildInput, BuildStep, StepOutcome } from './build.ts';
import { STEP } from './describe-broken.ts';
import { RAN_NO_CODE } from './recipe.ts';
import { pythonRecipe } from './recipes/python/python-recipe.ts';

const python = pythonRecipe({
  interpreters: [{ version: [3, 13, 0], path: '/p', folder: '/bin', digest: 'p', readOnly: [] }],
  installer: { uv: '/tools/uv', settings: { PIP_CERT: '/ca' }, readOnly: ['/tools/uv', '/ca'] },
});

const HOOK = { CC_POST_BUILD_HOOK: 'pip install more' };

/** A build of a repository with these files; what its hook does to what is installed is given. */
async function open(t: TestContext, files: Record<string, string>) {
  const paths = dataPaths(await treeOf(t, {}));
  const builder = createBuilder({
    paths,
    recipes: recipesWith({ python }),
    async checkout({ into }) {
      for (const [name, text] of Object.entries(files)) await writeFile(join(into, name), text);
      return { modules: [], contents: false };
    },
    readCommit: async (_, wanted) => ({
      treeId: 'tree',
      files: new Map(
        wanted
          .filter(({ path }) => files[path] !== undefined)
          .map(({ path }) => [path, { text: files[path] }]),
      ),
    }),
    findMadeFrom: async () => undefined,
    findDependencies: async () => undefined,
    clock: () => 1_000_000,
    say: async () => undefined,
  });
  let deployments = 0;
  return async (environment: Record<string, string>, add: Deed, installing: Deed = nothing) => {
    deployments += 1;
    const input: BuildInput = {
      deploymentId: `deployment_${String(deployments).padStart(12, '0')}` as DeploymentId,
      applicationId: 'app_1' as ApplicationId,
      applicationName: 'app',
      ownerId: 'orga_1' as OwnerId,
      commitId: 'c1',
      kind: 'runner',
      runtime: 'python',
      useCache: true,
      environment: { CC_MLPYTHON_RUN_MAIN: 'main.py', ...environment },
    };
    const done: StepOutcome[] = [];
    const steps: BuildStep[] = [];
    const { signal } = new AbortController();
    for (;;) {
      const progress = await builder.advance(input, done, signal);
      if (progress.next === 'done') {
        const again = await builder.advance(input, done, signal);
        assert.ok(again.next === 'done');
        const { id, dependenciesKey } = again.artifact;
        assert.deepEqual(
          [id, dependenciesKey],
          [progress.artifact.id, progress.artifact.dependenciesKey],
        );
        return { artifact: progress.artifact, steps, paths };
      }
      assert.ok(progress.next === 'run', JSON.stringify(progress));
      const { step } = progress;
      assert.deepEqual(await builder.describe(input, step.number), step);
      await act(step, { add, installing });
      steps.push(step);
      done.push({ number: step.number, succeeded: true, reason: null, detail: '', exitCode: 0 });
    }
  };
}

/** What an engine and the step's commands would do to what is installed. */
async function act(step: BuildStep, { add, installing }: Record<'add' | 'installing', Deed>) {
  const place = step.files.environment?.source ?? '';
  const tree = step.files.application.source;
  if (step.number === STEP.dependencies) {
    await mkdir(place, { recursive: true });
    await writeFile(join(place, 'six.py'), 'six');
    await writeFile(join(place, RAN_NO_CODE), '');
    await installing(place, tree);
  }
  if (step.number !== STEP.after) return;
  await mkdir(place);
  for (const { name, argv } of step.before.filter((one) => one.name.startsWith('copying'))) {
    const [shell = '', ...words] = argv.map((word) => word.replaceAll('/opt/env', place));
    execFileSync(shell, words, { stdio: 'inherit' });
    assert.ok(existsSync(join(place, 'six.py')), name);
  }
  await add(place, tree);
}

const FILES = { 'main.py': '', 'requirements.txt': 'six\n' };

/** What is done to what is installed, and to the tree. */
type Deed = (place: string, tree: string) => Promise<void>;

const nothing: Deed = async () => undefined;
const more: Deed = (place) => writeFile(join(place, 'more.py'), 'more');

test('the post-build hook works on a copy of what is installed, with the installer’s settings', async (t) => {
  const build = await open(t, FILES);
  const { artifact, steps, paths } = await build(HOOK, nothing);
  const { files, environment } = steps.at(-1) ?? assert.fail('no step');
  const shared = paths.dependencies(artifact.dependenciesKey ?? '');
  assert.equal(files.environment?.access, 'writable');
  assert.notEqual(files.environment?.source, shared);
  assert.deepEqual(files.readOnly.slice(-3), ['/tools/uv', '/ca', shared]);
  assert.equal(environment['PIP_CERT'], '/ca');
});

test('what it adds is its artifact’s alone, and where it adds nothing no copy is kept', async (t) => {
  const build = await open(t, FILES);
  const plain = (await build({}, nothing)).artifact.dependenciesKey ?? '';
  assert.equal((await build(HOOK, nothing)).artifact.dependenciesKey, plain);
  const { artifact, paths } = await build(HOOK, more);
  const own = artifact.dependenciesKey ?? '';
  assert.equal(own, artifact.id);
  for (const name of ['six.py', 'more.py'])
    assert.ok(existsSync(join(paths.dependencies(own), name)), name);
  assert.ok(!existsSync(join(paths.dependencies(plain), 'more.py')));
  assert.equal((await build({}, nothing)).artifact.dependenciesKey, plain);
});

test('where nothing is listed a hook has an environment to add to, which is kept if it does', async (t) => {
  const build = await open(t, { 'main.py': '' });
  const without = await build({}, nothing);
  assert.deepEqual([without.steps.length, without.artifact.dependenciesKey], [0, undefined]);
  const { artifact, steps } = await build(HOOK, nothing);
  assert.equal(steps[0]?.environment['VIRTUAL_ENV'], '/opt/env');
  assert.equal(artifact.dependenciesKey, undefined);
  assert.equal(artifact.start.environment['VIRTUAL_ENV'], undefined);
  const added = await build(HOOK, more);
  assert.equal(added.artifact.dependenciesKey, added.artifact.id);
  assert.equal(added.artifact.start.environment['VIRTUAL_ENV'], '/opt/env');
});

test('whatever may build packages does so without those that were built with other variables', async (t) => {
  const build = await open(t, FILES);
  const forgotten = async (environment: Record<string, string>) => {
    const hooks = { CC_PRE_BUILD_HOOK: 'x', PYTHON_SETUP_PY_GOAL: 'build' };
    const { steps } = await build({ ...HOOK, ...hooks, ...environment }, nothing);
    return steps.map(({ number, before }) => {
      const forgets = before.find(({ name }) => name.startsWith('forgetting'));
      return [number, forgets?.argv.at(-1) ?? assert.fail(`step ${number}`)] as const;
    });
  };
  const cpu = await forgotten({ CMAKE_ARGS: 'cpu' });
  const { before, dependencies, after } = STEP;
  assert.deepEqual(
    cpu.map(([number]) => number),
    [before, dependencies, STEP.build, after],
  );
  const cuda = await forgotten({ CMAKE_ARGS: 'cuda' });
  assert.equal(new Set([...cpu, ...cuda].map(([, seen]) => seen)).size, 2);
});

test('a step that rewrites the list changes nothing about what is installed by it', async (t) => {
  const build = await open(t, FILES);
  const freeze: Deed = (_, tree) => writeFile(join(tree, 'requirements.txt'), 'six==1.17.0\n');
  const frozen = await build(HOOK, freeze);
  assert.deepEqual(
    frozen.steps.map(({ number }) => number),
    [STEP.dependencies, STEP.after],
  );
  const plain = (await build({}, nothing)).artifact.dependenciesKey;
  assert.equal(frozen.artifact.dependenciesKey, plain);
  const added = await build(HOOK, async (...places) => {
    await more(...places);
    await freeze(...places);
  });
  assert.equal(added.artifact.dependenciesKey, added.artifact.id);
  const locking = await open(t, { ...FILES, 'requirements.txt': 'six\nattrs\n' });
  const { artifact, steps } = await locking(HOOK, nothing, freeze);
  assert.equal(steps.length, 2);
  const again = await locking({}, nothing);
  assert.deepEqual(
    [again.steps.length, again.artifact.dependenciesKey],
    [0, artifact.dependenciesKey],
  );
});
