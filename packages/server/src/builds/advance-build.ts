import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { Grown } from '../lib/count-growth.ts';
import { TooDeep } from '../lib/held-folder.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { removeTree } from '../lib/remove-tree.ts';
import type { DataPaths } from '../paths.ts';
import type { Artifact, BuildInput, BuildProgress, Builder, StepOutcome } from './build.ts';
import { programVariables } from './build-setup.ts';
import type { BuildSetup } from './build-setup.ts';
import { commandStep } from './build-steps.ts';
import { checkStart } from './check-start.ts';
import { copyTree } from './copy-tree.ts';
import { readDecision, writeDecision } from './decision.ts';
import { STEP, describeBroken } from './describe-broken.ts';
import { installedDependencies, seenDependencies } from './find-dependencies.ts';
import type { Installed } from './find-dependencies.ts';
import { artifactId, audiencesOf, inputKey, ownAudience } from './keys.ts';
import { sealDependencies } from './own-dependencies.ts';
import { planBuild } from './plan-build.ts';
import { pruneTree } from './prune-tree.ts';
import { putAway, take } from './put-away.ts';
import { readFact, refuseFolder } from './read-tree.ts';
import { readWanted } from './read-wanted.ts';
import type { CommitSource } from './read-wanted.ts';
import type { Failure, NeededFile } from './recipe.ts';
import type { Recipes } from './recipes/recipes.ts';
import {
  NOTHING,
  fetchReferred,
  isIncomplete,
  lacksReferred,
  leavesOut,
  markIncomplete,
  noticeOf,
  readReferred,
  writeReferred,
} from './referred.ts';
import type { Referred } from './referred.ts';
import { buildWork, imageOf, startWork } from './work.ts';
import type { Work } from '../workloads/engine.ts';

export type BuildDeps = {
  paths: DataPaths;
  recipes: Recipes;
  /** Writes the tree of a commit into an empty directory, and says what it refers to; or why it cannot be. */
  checkout(
    from: { applicationId: ApplicationId; commitId: string; into: string },
    signal: AbortSignal,
  ): Promise<Failure | Referred>;
  readCommit: CommitSource['readCommit'];
  /** The newest artifact of the application made from these inputs. */
  findMadeFrom(applicationId: ApplicationId, inputKey: string): Promise<Artifact | undefined>;
  /** The newest dependencies that were installed for this key, or undefined. */
  findDependencies(key: string): Promise<string | undefined>;
  clock: Clock;
  say(input: BuildInput, line: string): Promise<void>;
};

export const createBuilder = (deps: BuildDeps): Builder => ({
  advance: (input, done, signal) => advanceBuild(deps, { input, done, signal }),
  describe: (input, number) => describeStep(deps, input, number),
  discard: (deploymentId) => removeTree(deps.paths.checkout(deploymentId)),
});

type Look = { input: BuildInput; done: readonly StepOutcome[]; signal: AbortSignal };

/** Looks at the tree and at the steps that are over; says what comes next. */
async function advanceBuild(deps: BuildDeps, look: Look): Promise<BuildProgress> {
  const { input, done } = look;
  const planned = await readPlan(deps, input);
  if ('reason' in planned) return failed(planned);
  const broken = done.find((step) => !step.succeeded && !leavesOut(step));
  if (broken !== undefined) return failed(describeBroken(planned.plan, broken));
  const checkout = deps.paths.checkout(input.deploymentId);
  if (done.some(leavesOut) || lacksReferred(checkout)) await markIncomplete(checkout);
  const setup = await openSetup(deps, { input, ...planned });
  const decided = await readDecision<Artifact>(setup.decision);
  if (decided !== undefined) return finish(deps, setup, decided);
  const { warm } = setup;
  if (warm !== undefined && planned.plan.hooks.before === undefined)
    return { next: 'done', artifact: warm.artifact };
  const refused = await prepareTree(deps, setup, look);
  return refused === undefined ? nextStep(deps, setup, done) : failed(refused);
}

/** What is to be done, by the commit and the variables alone. */
async function readPlan(
  deps: BuildDeps,
  input: BuildInput,
): Promise<Pick<BuildSetup, 'plan' | 'treeId'> | Failure> {
  const recipe = deps.recipes[input.runtime];
  const found = await readWanted(deps, input, recipe);
  if ('reason' in found) return found;
  const plan = planBuild(input, recipe, found.files);
  return 'reason' in plan ? plan : { plan, treeId: found.treeId };
}

/** A step that was begun, as `advance` said it then: nothing is changed by asking. */
async function describeStep(deps: BuildDeps, input: BuildInput, number: number) {
  const planned = await readPlan(deps, input);
  if ('reason' in planned) throw new Error(planned.detail);
  const setup = await openSetup(deps, { input, ...planned });
  const command = commandsOf(setup, await readReferred(setup.checkout)).get(number);
  if (command === undefined) throw new Error(`the build has no step ${number}`);
  if (number < STEP.dependencies || number === STEP.fetch)
    return commandStep(deps.paths, setup, { number, command });
  const { dependencies } = setup.plan;
  if (number === STEP.dependencies && dependencies !== undefined)
    return commandStep(deps.paths, setup, { number, command, installs: dependencies });
  const environment = await seenDependencies(deps, setup);
  return commandStep(deps.paths, setup, { number, command, environment });
}

/** Every step that the build may have, by its number. */
function commandsOf(
  { plan, input, warm, image }: BuildSetup,
  referred: Referred,
): ReadonlyMap<number, Work> {
  const { cached, hooks, build, dependencies } = plan;
  const afresh = !input.useCache;
  const fetch = fetchReferred(referred, input.environment, afresh);
  const steps: [number, Work | undefined][] = [
    [STEP.fetch, warm === undefined ? fetch : undefined],
    [STEP.restore, warm === undefined ? cached?.restore({ afresh }) : undefined],
    [STEP.before, hooks.before],
    [STEP.dependencies, dependencies?.install],
    [STEP.build, build && buildWork(build, { image, afresh })],
    [STEP.after, hooks.after],
    [STEP.save, cached?.save],
  ];
  return new Map(steps.flatMap(([number, work]) => (work === undefined ? [] : [[number, work]])));
}

const failed = ({ reason, detail }: Failure): BuildProgress => ({ next: 'failed', reason, detail });

async function openSetup(
  deps: BuildDeps,
  { input, plan, treeId }: Pick<BuildSetup, 'input' | 'plan' | 'treeId'>,
): Promise<BuildSetup> {
  const warm =
    input.useCache && plan.reusable ? await findWarm(deps, { input, plan, treeId }) : undefined;
  const folder = deps.paths.checkout(input.deploymentId);
  const command = warm?.artifact.start.command;
  const warmImage = command && 'image' in command ? command.image : undefined;
  const id = artifactId(inputKey(input, { treeId, plan }), input.deploymentId);
  return {
    input,
    plan,
    treeId,
    isWhole: !isIncomplete(folder),
    image: warmImage ?? imageOf(input, id),
    warm,
    checkout: folder,
    tree: join(folder, 'tree'),
    staging: join(folder, 'environment'),
    copy: join(folder, 'copied-environment'),
    dependencies: join(folder, 'dependencies.json'),
    decision: join(folder, 'artifact.json'),
  };
}

/** Made of the same inputs, for whomever this build is one of. */
async function findWarm(
  deps: BuildDeps,
  { input, plan, treeId }: Pick<BuildSetup, 'input' | 'plan' | 'treeId'>,
): Promise<BuildSetup['warm']> {
  const { always, commit } = audiencesOf(input, plan);
  const audiences = plan.dependencies === undefined ? [''] : ['', always, commit];
  for (const audience of audiences) {
    const key = inputKey(input, { treeId, plan }, audience);
    const known = await deps.findMadeFrom(input.applicationId, key);
    if (known !== undefined && (await takeArtifact(deps, known)))
      return { artifact: known, audience };
  }
  return undefined;
}

async function takeArtifact({ clock, paths }: BuildDeps, artifact: Artifact): Promise<boolean> {
  const { id, dependenciesKey: key, installedKey } = artifact;
  if (!(await take(clock, paths.artifact(id)))) return false;
  // not needed to start it: a build that wants what is gone installs it
  if (installedKey !== undefined) await take(clock, paths.dependencies(installedKey));
  return key === undefined || take(clock, paths.dependencies(key));
}

/** Puts the tree in place under its name only when it is whole; refuses one that cannot be built. */
async function prepareTree(
  deps: BuildDeps,
  setup: BuildSetup,
  { input, done, signal }: Look,
): Promise<Failure | undefined> {
  const { tree, checkout, plan, warm } = setup;
  if (!existsSync(tree)) {
    const partial = `${tree}.partial`;
    await removeTree(partial);
    await mkdir(partial, { recursive: true, mode: 0o700 });
    if (warm === undefined) {
      const written = await deps.checkout({ ...input, into: partial }, signal);
      if ('reason' in written) return written;
      await writeReferred(checkout, written);
    } else {
      const grown = await copyWarm(deps.paths.artifact(warm.artifact.id), partial);
      if (grown !== undefined) return grown;
      await writeReferred(checkout, NOTHING);
    }
    await rename(partial, tree);
    const inModule = noticeOf(await readReferred(checkout), plan.folder);
    for (const notice of [...plan.notices, ...(inModule === undefined ? [] : [inModule])])
      await deps.say(input, notice);
  }
  const worked = done.filter(({ number }) => number !== STEP.fetch);
  if (worked.length > 0) return refuseFolder(tree, plan.folder, 'any more');
  const isWhole =
    done.length > 0 || !commandsOf(setup, await readReferred(checkout)).has(STEP.fetch);
  if (!isWhole) return undefined;
  const refused = await refuseFolder(tree, plan.folder, 'in the repository');
  if (refused !== undefined) return refused;
  const made = plan.build !== undefined || plan.hooks.after !== undefined;
  return made || plan.hooks.before !== undefined ? undefined : refuseStart(setup);
}

async function copyWarm(artifact: string, into: string): Promise<Failure | undefined> {
  try {
    await copyTree(artifact, into);
    return undefined;
  } catch (error) {
    if (!(error instanceof Grown || error instanceof TooDeep)) throw error;
    const detail = `What was built before cannot be built on: ${error.message} Deploy it without its cache.`;
    return { reason: error instanceof Grown ? 'disk_full' : 'invalid_repository', detail };
  }
}

/** Before anything is built only where nothing could still make the file. */
const refuseStart = (setup: BuildSetup): Promise<Failure | undefined> =>
  refuseFile(
    setup,
    setup.plan.start,
    setup.plan.build === undefined ? 'in the repository' : 'after the build',
  );

/** Nothing but the pre-build hook makes what an image is built by. */
const refuseBuild = async (setup: BuildSetup): Promise<Failure | undefined> => {
  const { build, hooks } = setup.plan;
  if (build === undefined || !('needs' in build)) return undefined;
  const where = hooks.before === undefined ? 'in the repository' : 'after CC_PRE_BUILD_HOOK';
  return refuseFile(setup, build.needs, where);
};

const refuseFile = async (
  { plan, tree }: BuildSetup,
  needed: NeededFile,
  where: string,
): Promise<Failure | undefined> =>
  needed.file === undefined
    ? undefined
    : checkStart(needed, await readFact(tree, plan.folder, needed.file.path), where);

async function nextStep(
  deps: BuildDeps,
  setup: BuildSetup,
  done: readonly StepOutcome[],
): Promise<BuildProgress> {
  const commands = commandsOf(setup, await readReferred(setup.checkout));
  const isDone = (number: number) => done.some((step) => step.number === number);
  for (const number of [STEP.fetch, STEP.restore, STEP.before]) {
    const command = commands.get(number);
    if (command !== undefined && !isDone(number)) return run(deps, setup, { number, command });
  }
  const { warm } = setup;
  if (warm !== undefined) return seal(deps, setup, { ...warm.artifact, audience: warm.audience });

  const installed = await installedDependencies(deps, setup, isDone(STEP.dependencies));
  if ('reason' in installed) return failed(installed);
  if ('install' in installed) {
    const { install } = installed;
    return run(deps, setup, {
      number: STEP.dependencies,
      command: install.install,
      installs: install,
    });
  }
  const environment = installed.key;
  const unbuildable = isDone(STEP.build) ? undefined : await refuseBuild(setup);
  if (unbuildable !== undefined) return failed(unbuildable);
  for (const number of [STEP.build, STEP.after, STEP.save]) {
    const command = commands.get(number);
    if (command !== undefined && !isDone(number))
      return run(deps, setup, { number, command, environment });
  }
  await pruneTree(setup.tree, setup.plan.folder, setup.plan.kept);
  const refused = await refuseStart(setup);
  if (refused !== undefined) return failed(refused);
  const dependenciesKey = await sealDependencies(deps, setup, installed);
  return seal(deps, setup, { ...installed, dependenciesKey, installedKey: installed.key });
}

const run = (
  { paths }: BuildDeps,
  setup: BuildSetup,
  order: Parameters<typeof commandStep>[2],
): BuildProgress => ({ next: 'run', step: commandStep(paths, setup, order) });

/** Decides on the artifact; from then on the build is over, also for whoever carries on after a crash. */
async function seal(
  deps: BuildDeps,
  setup: BuildSetup,
  {
    dependenciesKey,
    installedKey,
    audience,
  }: Omit<Artifact, 'id' | 'start'> & Pick<Installed, 'audience'>,
): Promise<BuildProgress> {
  const { input, plan, decision, isWhole } = setup;
  const { portVariable } = plan.start;
  const key = inputKey(input, setup, isWhole ? audience : ownAudience(input));
  const artifact: Artifact = {
    id: artifactId(key, input.deploymentId),
    dependenciesKey,
    installedKey,
    start: {
      folder: plan.folder,
      prepare: plan.prepare,
      command: startWork(plan.start, setup.image),
      ...(portVariable !== undefined && { portVariable }),
      environment: programVariables(plan, { withDependencies: dependenciesKey !== undefined }),
      readOnly: plan.toolchain.readOnly,
    },
  };
  await writeDecision(decision, artifact);
  return finish(deps, setup, artifact);
}

/** The tree under its final name: from now on nobody changes it. */
async function finish(
  deps: BuildDeps,
  { tree }: BuildSetup,
  artifact: Artifact,
): Promise<BuildProgress> {
  const sealed = deps.paths.artifact(artifact.id);
  if (!(await take(deps.clock, sealed))) await putAway(deps.clock, { made: tree, sealed });
  return { next: 'done', artifact };
}
