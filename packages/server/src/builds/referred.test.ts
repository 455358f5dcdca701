import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { newId } from '../lib/ids.ts';
import { dataPaths } from '../paths.ts';
import { pointerTo } from '../testing/git-server.ts';
import { recipesWith } from '../testing/recipes.ts';
import { createBuilder } from './advance-build.ts';
import type { Artifact, BuildInput, BuildProgress, BuildStep, StepOutcome } from './build.ts';
import { STEP } from './describe-broken.ts';
import { pythonRecipe } from './recipes/python/python-recipe.ts';
import type { Referred } from './referred.ts';

const interpreter = { path: '/p', folder: '/bin', digest: 'p' };
const installer = { uv: '/uv', settings: {}, readOnly: [] };
const python = pythonRecipe({
  interpreters: [{ ...interpreter, version: [3, 13, 0], readOnly: [] }],
  installer,
});

const COMMIT = 'c'.repeat(40);
const MODULES: Referred = {
  modules: [{ path: 'lib/d%e9p', commit: COMMIT }],
  contents: false,
};

/** Where in the tree a step begins. */
const placeOf = ({ workingDirectory, files: { application } }: BuildStep): string =>
  workingDirectory.replace(application.mountedAt, application.source);

/** A builder of a commit with nothing but `main.py` in a submodule, or beside it, and what it refers to. */
function open(t: TestContext, referred: Referred, { own }: { own: boolean }) {
  const root = mkdtempSync(join(tmpdir(), 'grid-referred-'));
  t.after(() => rmSync(root, { recursive: true }));
  const paths = dataPaths(root);
  const made: Artifact[] = [];
  const said: string[] = [];
  const write = (tree: string) => {
    mkdirSync(join(tree, 'lib'), { recursive: true });
    writeFileSync(join(tree, 'lib', 'main.py'), '');
    writeFileSync(join(tree, 'lib', 'm.bin'), pointerTo(Buffer.from('a model')));
    writeFileSync(join(tree, '.gitattributes'), '*.bin filter=lfs\n');
    writeFileSync(join(tree, '.gitmodules'), '[submodule "m"]\n\tpath = m\n\turl = file:///x\n');
  };
  const builder = createBuilder({
    paths,
    recipes: recipesWith({ python }),
    async checkout({ into }) {
      if (own) write(into);
      return referred;
    },
    readCommit: async () => ({ treeId: 't', files: new Map() }),
    findMadeFrom: async (_, key) => made.findLast(({ id }) => id.startsWith(`${key}.`)),
    findDependencies: async () => undefined,
    clock: () => 1_000_000,
    say: async (_, line) => void said.push(line),
  });
  const applicationId = newId('application');
  const ownerId = newId('organization');
  const input = (environment: Record<string, string> = {}, useCache = true): BuildInput => ({
    deploymentId: newId('deployment'),
    applicationId,
    applicationName: 'x',
    ownerId,
    commitId: COMMIT,
    kind: 'runner',
    runtime: 'python',
    environment: { CC_MLPYTHON_RUN_MAIN: 'main.py', APP_FOLDER: 'lib', ...environment },
    useCache,
  });
  /** All steps, each as it ended; what was fetched is what the program left. */
  const build = async (order: BuildInput, exitCode: number) => {
    const steps: { number: number; words: readonly string[] }[] = [];
    const done: StepOutcome[] = [];
    for (;;) {
      const told: BuildProgress = await builder.advance(order, done, new AbortController().signal);
      if (told.next === 'done') made.push(told.artifact);
      if (told.next !== 'run') return { told, steps };
      const { number, command, files } = told.step;
      assert.deepEqual(await builder.describe(order, number), told.step);
      assert.ok(existsSync(placeOf(told.step)), `step ${number} begins where nothing is`);
      steps.push({ number, words: 'argv' in command ? (command.argv?.slice(4) ?? []) : [] });
      const isFetch = number === STEP.fetch;
      if (isFetch && exitCode === 0) write(files.application.source);
      if (number === STEP.dependencies) mkdirSync(files.environment?.source ?? '');
      const code = isFetch ? exitCode : 0;
      const ended = { reason: 'exited' as const, detail: `exit code ${code}`, exitCode: code };
      done.push({ number, succeeded: code === 0, ...ended });
    }
  };
  const treeFor = ({ deploymentId }: BuildInput) => join(paths.checkout(deploymentId), 'tree');
  return { build, builder, input, said, treeFor, write };
}

test('what a commit refers to is fetched before anything else is looked at, and kept with what is built', async (t) => {
  const { build, input } = open(t, MODULES, { own: false });
  const hooked = { CC_PRE_BUILD_HOOK: 'true', CC_POST_BUILD_HOOK: 'true' };
  const { told, steps } = await build(input(hooked), 0);
  assert.equal(told.next, 'done', JSON.stringify(told));
  assert.deepEqual(
    steps.map(({ number }) => number),
    [STEP.fetch, STEP.before, STEP.dependencies, STEP.after],
  );
  assert.deepEqual(steps[0]?.words, ['', '', 'lib/d%e9p', COMMIT]);
  const again = await build(input(hooked), 0);
  assert.deepEqual(
    again.steps.map(({ number }) => number),
    [STEP.before],
  );
  const afresh = await build(input(hooked, false), 0);
  assert.deepEqual(afresh.steps[0]?.words.slice(0, 2), ['afresh', '']);
});

test('what is built without all of it is for that deployment alone', async (t) => {
  const { build, input } = open(t, MODULES, { own: true });
  const [first, second] = [await build(input(), 3), await build(input(), 3)];
  const third = await build(input(), 0);
  const fourth = await build(input(), 0);
  const all = [first, second, third, fourth];
  assert.deepEqual(
    all.map(({ steps }) => steps.length),
    [1, 1, 1, 0],
  );
  const ids = all.map(({ told }) => (told.next === 'done' ? told.artifact.id : ''));
  assert.equal(new Set(ids).size, 3);
  assert.equal(ids[3], ids[2]);
});

test('a tree of a version that did not write down what it refers to is for that deployment alone', async (t) => {
  const { build, input, treeFor, write } = open(t, MODULES, { own: true });
  const former = input();
  write(treeFor(former));
  assert.deepEqual((await build(former, 0)).steps, []);
  assert.equal((await build(input(), 0)).steps.length, 1);
  assert.deepEqual((await build(input(), 0)).steps, []);
});

test('what fetches goes from the root of the tree, wherever in it the application is', async (t) => {
  const referred = { modules: [{ path: 'm', commit: COMMIT }], contents: true };
  const { builder, input } = open(t, referred, { own: true });
  const told = await builder.advance(input(), [], new AbortController().signal);
  assert.ok(told.next === 'run' && 'argv' in told.step.command);
  const [program = '', ...words] = told.step.command.argv ?? [];
  const { status, stdout } = spawnSync(program, words, {
    cwd: placeOf(told.step),
    encoding: 'utf8',
  });
  assert.equal(status, 3, stdout);
  assert.match(stdout, /^Submodule m is missing: its address file:/m);
  assert.match(stdout, /^1 file has a pointer of Git LFS .* \(lib\/m\.bin\)/m);
});

test('a folder that is not there is said, whatever the commit refers to', async (t) => {
  const { build, input } = open(t, MODULES, { own: true });
  const { told, steps } = await build(input({ APP_FOLDER: 'libs' }), 0);
  assert.equal(steps.length, 1);
  assert.ok(told.next === 'failed');
  assert.match(told.detail, /libs/);
});

test('a step that ends otherwise ends the build', async (t) => {
  const { build, input } = open(t, MODULES, { own: true });
  const { told } = await build(input(), 1);
  assert.ok(told.next === 'failed');
  assert.equal(told.detail, 'Fetching submodules and files of Git LFS failed (exit code 1).');
});

test('submodules are left alone where that is asked for, and then what is built is something else', async (t) => {
  const { build, input } = open(t, MODULES, { own: true });
  const without = await build(input({ CC_DISABLE_GIT_SUBMODULES: 'true' }), 0);
  assert.deepEqual([without.told.next, without.steps], ['done', []]);
  assert.equal((await build(input(), 0)).steps.length, 1);
  const contents = open(t, { ...MODULES, contents: true }, { own: true });
  const { steps } = await contents.build(contents.input({ CC_DISABLE_GIT_SUBMODULES: 'true' }), 0);
  assert.deepEqual(steps[0]?.words, ['', 'contents']);
});

test('a commit that refers to nothing is built without a step more', async (t) => {
  const { build, input } = open(t, { modules: [], contents: false }, { own: true });
  assert.deepEqual((await build(input(), 0)).steps, []);
});

test('an application in a submodule is told what is not noticed there', async (t) => {
  const modules = [{ path: 'l%69b', commit: COMMIT }];
  const beside = open(t, { modules, contents: false }, { own: true });
  await beside.build(beside.input(), 0);
  assert.doesNotMatch(beside.said.join(), /submodule/);
  const inside = open(
    t,
    { modules: [{ path: 'lib', commit: COMMIT }], contents: false },
    { own: false },
  );
  assert.equal((await inside.build(inside.input(), 0)).told.next, 'done');
  assert.match(inside.said.join(), /^[^]*APP_FOLDER=lib is in a submodule/);
});
