import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { ApplicationId, DeploymentId, OwnerId } from '../lib/ids.ts';
import { dataPaths } from '../paths.ts';
import { commitOf } from '../testing/commit-of.ts';
import { recipesWith } from '../testing/recipes.ts';
import { treeOf } from '../testing/tree-of.ts';
import type { Command } from '../workloads/engine.ts';
import { createBuilder } from './advance-build.ts';
import type { Artifact, BuildInput, BuildStep, StepOutcome } from './build.ts';
import { STEP } from './describe-broken.ts';
import { RAN_NO_CODE } from './recipe.ts';
import { pythonRecipe } from './recipes/python/python-recipe.ts';

const python = pythonRecipe({
  interpreters: [{ version: [3, 13, 0], path: '/p', folder: '/bin', digest: 'p', readOnly: [] }],
  installer: { uv: '/tools/uv', settings: { PIP_CERT: '/ca' }, readOnly: ['/tools/uv', '/ca'] },
});

const NOTHING = { CC_POST_BUILD_HOOK: 'true' };
const MORE = { CC_POST_BUILD_HOOK: 'echo more > /opt/env/more.py' };

/** How an engine shows what a step may change: it leaves the copy to the step, or shows what it begins with. */
type Shown = 'to be copied' | 'uncopied';

/** Builds of a repository with these files. */
async function open(t: TestContext, files: Record<string, string>, shown: Shown) {
  const paths = dataPaths(await treeOf(t, {}));
  const made: Artifact[] = [];
  const builder = createBuilder({
    paths,
    recipes: recipesWith({ python }),
    ...commitOf(files),
    findMadeFrom: async () => undefined,
    findDependencies: async (key) =>
      made.findLast(({ installedKey: known }) => known?.split('.')[0] === key)?.installedKey,
    clock: () => 1_000_000,
    say: async () => undefined,
  });
  let deployments = 0;
  return async (
    environment: Record<string, string>,
    { useCache = true, locks = false }: { useCache?: boolean; locks?: boolean } = {},
  ) => {
    deployments += 1;
    const input: BuildInput = {
      deploymentId: `deployment_${String(deployments).padStart(12, '0')}` as DeploymentId,
      applicationId: 'app_1' as ApplicationId,
      applicationName: 'app',
      ownerId: 'orga_1' as OwnerId,
      commitId: 'c1',
      kind: 'runner',
      runtime: 'python',
      useCache,
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
        assert.equal(again.artifact.installedKey, progress.artifact.installedKey);
        made.push(progress.artifact);
        return { artifact: progress.artifact, steps, paths };
      }
      assert.ok(progress.next === 'run', JSON.stringify(progress));
      const { step } = progress;
      assert.deepEqual(await builder.describe(input, step.number), step);
      await act(t, step, { shown, locks });
      steps.push(step);
      done.push({ number: step.number, succeeded: true, reason: null, detail: '', exitCode: 0 });
    }
  };
}

/** What an engine and the step's commands do to what is installed. */
async function act(
  t: TestContext,
  step: BuildStep,
  { shown, locks }: { shown: Shown; locks: boolean },
): Promise<void> {
  const { environment, application } = step.files;
  const place = environment?.source ?? '';
  if (step.number === STEP.dependencies) {
    await mkdir(place, { recursive: true });
    await writeFile(join(place, 'six.py'), 'six');
    await writeFile(join(place, RAN_NO_CODE), '');
    if (locks) await writeFile(join(application.source, 'requirements.txt'), LOCKED);
  }
  if (step.number !== STEP.after) return;
  assert.ok(environment?.access === 'writable');
  await mkdir(place);
  const merged = shown === 'uncopied' ? await treeOf(t, {}) : place;
  const copy = ['-R', '--preserve=timestamps', `${environment.base}/.`, merged];
  if (shown === 'uncopied') execFileSync('cp', copy);
  const kept = shown === 'uncopied' ? place : join(place, 'nowhere');
  const run = ({ argv }: Command): void => {
    const [program = '', ...words] = argv.map((word) =>
      word.replaceAll('/opt/env.kept', kept).replaceAll('/opt/env', merged),
    );
    execFileSync(program, words, { stdio: 'inherit', cwd: application.source });
  };
  for (const one of step.before.filter(({ name }) => name.startsWith('copying'))) run(one);
  assert.ok(existsSync(join(merged, 'six.py')));
  assert.ok('argv' in step.command && !('image' in step.command));
  run(step.command);
}

/** What an installer that locks leaves of a list. */
const LOCKED = 'six==1.17.0\n';

const FILES = { 'main.py': '', 'requirements.txt': 'six\n' };

test('the post-build hook works on a copy of what is installed, with the installer’s settings', async (t) => {
  const build = await open(t, FILES, 'to be copied');
  const { artifact, steps, paths } = await build(NOTHING);
  const { files, environment } = steps.at(-1) ?? assert.fail('no step');
  const shared = paths.dependencies(artifact.dependenciesKey ?? '');
  assert.ok(files.environment?.access === 'writable');
  assert.notEqual(files.environment.source, shared);
  assert.equal(files.environment.base, shared);
  assert.deepEqual(files.readOnly.slice(-3), ['/tools/uv', '/ca', shared]);
  assert.equal(environment['PIP_CERT'], '/ca');
});

for (const shown of ['to be copied', 'uncopied'] as const) {
  test(`what it adds is its artifact’s alone, and where it adds nothing no copy is kept: ${shown}`, async (t) => {
    const build = await open(t, FILES, shown);
    const plain = (await build({})).artifact.dependenciesKey ?? '';
    assert.equal((await build(NOTHING)).artifact.dependenciesKey, plain);
    const { artifact, paths } = await build(MORE);
    const own = artifact.dependenciesKey ?? '';
    assert.equal(own, artifact.id);
    for (const name of ['six.py', 'more.py'])
      assert.ok(existsSync(join(paths.dependencies(own), name)), name);
    assert.ok(!existsSync(join(paths.dependencies(plain), 'more.py')));
    assert.equal((await build({})).artifact.dependenciesKey, plain);
  });

  test(`where nothing is listed a hook has an environment to add to, which is kept if it does: ${shown}`, async (t) => {
    const build = await open(t, { 'main.py': '' }, shown);
    const without = await build({});
    assert.deepEqual([without.steps.length, without.artifact.dependenciesKey], [0, undefined]);
    const { artifact, steps } = await build(NOTHING);
    assert.equal(steps[0]?.environment['VIRTUAL_ENV'], '/opt/env');
    assert.equal(artifact.dependenciesKey, undefined);
    assert.equal(artifact.start.environment['VIRTUAL_ENV'], undefined);
    const added = await build(MORE);
    assert.equal(added.artifact.dependenciesKey, added.artifact.id);
    assert.equal(added.artifact.start.environment['VIRTUAL_ENV'], '/opt/env');
  });

  test(`a hook that fails keeps nothing, and fails its step: ${shown}`, async (t) => {
    const build = await open(t, FILES, shown);
    const failing = { CC_POST_BUILD_HOOK: `${MORE.CC_POST_BUILD_HOOK}; exit 7` };
    await assert.rejects(build(failing), { status: 7 });
  });
}

test('what was installed last is what the next hook adds to', async (t) => {
  const build = await open(t, FILES, 'to be copied');
  const first = await build(MORE);
  const afresh = await build(MORE, { useCache: false });
  const { files } = afresh.steps.at(-1) ?? assert.fail('no step');
  const { steps, artifact } = await build({ ...MORE, EPOCHS: '3' });
  assert.deepEqual(
    steps.map(({ number }) => number),
    [STEP.after],
  );
  const base = afresh.paths.dependencies(artifact.installedKey ?? '');
  assert.equal(files.readOnly.at(-1), base);
  assert.equal(steps.at(-1)?.files.readOnly.at(-1), base);
  assert.notEqual(first.artifact.installedKey, artifact.installedKey);
  assert.notEqual(artifact.dependenciesKey, artifact.installedKey);
});

test('whatever may build packages does so without those that were built with other variables', async (t) => {
  const build = await open(t, FILES, 'to be copied');
  const forgotten = async (environment: Record<string, string>) => {
    const hooks = { CC_PRE_BUILD_HOOK: 'x', PYTHON_SETUP_PY_GOAL: 'build' };
    const { steps } = await build({ ...NOTHING, ...hooks, ...environment });
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
  const build = await open(t, FILES, 'to be copied');
  const freeze = `printf '${LOCKED.trim()}\\n' > requirements.txt`;
  const frozen = await build({ CC_POST_BUILD_HOOK: freeze });
  assert.deepEqual(
    frozen.steps.map(({ number }) => number),
    [STEP.dependencies, STEP.after],
  );
  const plain = (await build({})).artifact.dependenciesKey;
  assert.equal(frozen.artifact.dependenciesKey, plain);
  const added = await build({ CC_POST_BUILD_HOOK: `${MORE.CC_POST_BUILD_HOOK}; ${freeze}` });
  assert.equal(added.artifact.dependenciesKey, added.artifact.id);
  const locking = await open(t, { ...FILES, 'requirements.txt': 'six\nattrs\n' }, 'to be copied');
  const { artifact, steps } = await locking(NOTHING, { locks: true });
  assert.equal(steps.length, 2);
  const again = await locking({});
  assert.deepEqual(
    [again.steps.length, again.artifact.dependenciesKey],
    [0, artifact.dependenciesKey],
  );
});
