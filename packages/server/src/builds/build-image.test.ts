import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { ApplicationId, DeploymentId, OwnerId } from '../lib/ids.ts';
import { dataPaths } from '../paths.ts';
import { createBuilder } from './advance-build.ts';
import { commitOf } from '../testing/commit-of.ts';
import { recipesWith } from '../testing/recipes.ts';
import type { Artifact, BuildInput, StepOutcome } from './build.ts';
import { dockerRecipe } from './recipes/docker/docker-recipe.ts';

const input = (rest: Partial<BuildInput> = {}): BuildInput => ({
  deploymentId: 'deployment_00000000-0000-0000-0000-000000000001' as DeploymentId,
  applicationId: 'app_1' as ApplicationId,
  applicationName: 'app',
  ownerId: 'orga_1' as OwnerId,
  commitId: 'c'.repeat(40),
  kind: 'webapp',
  runtime: 'docker',
  environment: {},
  useCache: true,
  ...rest,
});

/** A builder of commits that have these files. */
async function open(t: TestContext, files: Record<string, string>) {
  const root = await mkdtemp(join(tmpdir(), 'grid-image-'));
  t.after(() => rm(root, { recursive: true }));
  const paths = dataPaths(root);
  const made: Artifact[] = [];
  const builder = createBuilder({
    paths,
    recipes: recipesWith({ docker: dockerRecipe({ allowDockerSocket: false }) }),
    ...commitOf(files),
    findMadeFrom: async (_, key) => made.findLast(({ id }) => id.startsWith(`${key}.`)),
    findDependencies: async () => undefined,
    clock: () => 1_000_000,
    say: async () => undefined,
  });
  const { signal } = new AbortController();
  const advance = (order: BuildInput, done: readonly StepOutcome[] = []) =>
    builder.advance(order, done, signal);
  return { advance, made, paths };
}

const over = (number: number): StepOutcome => ({
  number,
  succeeded: true,
  reason: 'exited',
  detail: '',
  exitCode: 0,
});

test('a Dockerfile that is missing is named with those of its kind, before anything runs', async (t) => {
  const { advance } = await open(t, { 'Dockerfile.gpu': 'FROM x', 'main.py': '' });
  assert.deepEqual(await advance(input()), {
    next: 'failed',
    reason: 'missing_file',
    detail:
      'CC_DOCKERFILE=Dockerfile: there is no such file in the repository. Beside it there is Dockerfile.gpu.',
  });
});

test('a pre-build hook may write the Dockerfile, and is blamed where it did not', async (t) => {
  const { advance, paths } = await open(t, { 'main.py': '' });
  const order = input({ environment: { CC_PRE_BUILD_HOOK: './make.sh' } });
  const hook = await advance(order);
  assert.ok(hook.next === 'run' && 'argv' in hook.step.command);
  const without = await advance(order, [over(1)]);
  assert.ok(without.next === 'failed');
  assert.match(without.detail, /after CC_PRE_BUILD_HOOK/);
  await writeFile(join(paths.checkout(order.deploymentId), 'tree', 'Dockerfile'), 'FROM x');
  const build = await advance(order, [over(1)]);
  assert.ok(build.next === 'run' && 'makes' in build.step.command);
});

test('what is started is the image that was built, beside the tree that it was built from', async (t) => {
  const { advance, made, paths } = await open(t, { Dockerfile: 'FROM x\nARG A', 'main.py': 'x' });
  const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n';
  const environment = { A: '1', CC_SSH_PRIVATE_KEY: key };
  const first = input({ environment });
  const build = await advance(first);
  assert.ok(build.next === 'run' && 'makes' in build.step.command);
  const { image } = build.step.command.makes;
  assert.deepEqual([build.step.number, build.step.before], [3, []]);
  assert.equal(build.step.environment['A'], '1');
  assert.ok(!('PATH' in build.step.environment));
  const done = await advance(first, [over(3)]);
  assert.ok(done.next === 'done');
  const { artifact } = done;
  assert.equal(image, `clever-grid/app_1:${artifact.id}`);
  assert.ok('image' in artifact.start.command);
  assert.equal(artifact.start.command.image, image);
  assert.equal(artifact.start.portVariable, 'CC_DOCKER_EXPOSED_HTTP_PORT');
  assert.equal(await readFile(join(paths.artifact(artifact.id), 'main.py'), 'utf8'), 'x');

  made.push(artifact);
  const again = (A: string) => {
    const deploymentId = `deployment_00000000-0000-0000-0000-00000000010${A}` as DeploymentId;
    return advance(input({ deploymentId, environment: { ...environment, A } }));
  };
  assert.deepEqual(await again('1'), { next: 'done', artifact });
  assert.equal((await again('2')).next, 'run');
});

test('a restart that runs the pre-build hook starts the image that is there', async (t) => {
  const { advance, made } = await open(t, { Dockerfile: 'FROM x' });
  const environment = { CC_PRE_BUILD_HOOK: 'true' };
  const first = await advance(input({ environment }), [over(1), over(3)]);
  assert.ok(first.next === 'done');
  made.push(first.artifact);
  const deploymentId = 'deployment_00000000-0000-0000-0000-000000000002' as DeploymentId;
  const later = await advance(input({ environment, deploymentId }), [over(1)]);
  assert.ok(later.next === 'done');
  assert.notEqual(later.artifact.id, first.artifact.id);
  assert.deepEqual(later.artifact.start.command, first.artifact.start.command);
});
