import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { removeTree } from '../lib/remove-tree.ts';
import type { DataPaths } from '../paths.ts';
import type { Artifact, BuildInput, BuildProgress, Builder, StepOutcome } from './build.ts';
import { pythonVariables } from './build-site.ts';
import type { Site } from './build-site.ts';
import { dependenciesStep, hookStep, setupStep } from './build-steps.ts';
import type { Installer } from './installer.ts';
import type { Interpreter } from './interpreters.ts';
import { environmentKey, inputKey, planBuild } from './plan-build.ts';
import type { Plan } from './plan-build.ts';
import { checkStart } from './plan-start.ts';
import type { Failure } from './plan-start.ts';
import { pruneTree } from './prune-tree.ts';
import { findEscape, readFact, readRequirements } from './read-tree.ts';
import type { Requirements } from './read-tree.ts';

export type BuildDeps = {
  paths: DataPaths;
  interpreters: readonly Interpreter[];
  installer: Installer;
  /** Writes the tree of a commit into an empty directory. */
  checkout(
    from: { applicationId: ApplicationId; commitId: string; into: string },
    signal: AbortSignal,
  ): Promise<void>;
  /** The id of a commit's tree: equal trees have equal ids. */
  treeId(from: { applicationId: ApplicationId; commitId: string }): Promise<string>;
  /** The newest artifact of the application made from these inputs. */
  findMadeFrom(applicationId: ApplicationId, inputKey: string): Promise<Artifact | undefined>;
  /** The newest dependencies that were installed for this key, or undefined. */
  findEnvironment(key: string): Promise<string | undefined>;
  clock: Clock;
  say(input: BuildInput, line: string): Promise<void>;
};

/** The steps of a build, by number; each runs at most once. */
const STEP = { before: 0, dependencies: 1, setup: 2, after: 3 } as const;

export const createBuilder = (deps: BuildDeps): Builder => ({
  advance: (input, done, signal) => advanceBuild(deps, { input, done, signal }),
  discard: (deploymentId) => removeTree(deps.paths.checkout(deploymentId)),
});

type Look = { input: BuildInput; done: readonly StepOutcome[]; signal: AbortSignal };

/** Looks at the tree and at the steps that are over; says what comes next. */
async function advanceBuild(deps: BuildDeps, look: Look): Promise<BuildProgress> {
  const { input, done } = look;
  const plan = planBuild(input, deps.interpreters);
  if ('reason' in plan) return failed(plan);
  const broken = done.find(({ succeeded }) => !succeeded);
  if (broken !== undefined) return failed(describeBroken(broken));
  const site = await openSite(deps, input, plan);
  const decided = await readDecided(site);
  if (decided !== undefined) return finish(deps, site, decided);
  const { warm } = site;
  if (warm !== undefined && plan.hooks.before === undefined)
    return { next: 'done', artifact: warm };
  const refused = await prepareTree(deps, site, look);
  return refused === undefined ? nextStep(deps, site, done) : failed(refused);
}

const failed = ({ reason, detail }: Failure): BuildProgress => ({ next: 'failed', reason, detail });

/** What users set to have a step, by its number. */
const STEP_NAMES = [
  'CC_PRE_BUILD_HOOK',
  'Installing the dependencies',
  'PYTHON_SETUP_PY_GOAL',
  'CC_POST_BUILD_HOOK',
] as const;

/** Limits are named as such, whatever step met them. */
const LIMITS = ['memory_limit', 'disk_full', 'process_limit', 'start_failed'] as const;

export function describeBroken({ number, reason, detail }: StepOutcome): Failure {
  const name = STEP_NAMES[number] ?? '';
  const limit = LIMITS.find((one) => one === reason);
  if (limit !== undefined) return { reason: limit, detail: `${name} failed: ${detail}` };
  return number === STEP.dependencies
    ? {
        reason: 'dependencies_failed',
        detail: `The dependencies could not be installed (${detail}); the lines above say why.`,
      }
    : { reason: 'hook_failed', detail: `${name} failed (${detail}).` };
}

async function openSite(deps: BuildDeps, input: BuildInput, plan: Plan): Promise<Site> {
  const treeId = await deps.treeId(input);
  const key = inputKey(input, treeId, plan);
  const known =
    input.useCache && plan.reusable ? await deps.findMadeFrom(input.applicationId, key) : undefined;
  const folder = deps.paths.checkout(input.deploymentId);
  const warm = known !== undefined && (await takeArtifact(deps, known)) ? known : undefined;
  return {
    input,
    plan,
    treeId,
    key,
    warm,
    tree: join(folder, 'tree'),
    staging: join(folder, 'environment'),
    decision: join(folder, 'artifact.json'),
  };
}

const takeArtifact = async (deps: BuildDeps, { id, environmentKey: key }: Artifact) =>
  (await take(deps, deps.paths.artifact(id))) &&
  (key === undefined || (await take(deps, deps.paths.environment(key))));

/**
 * Whether it is there; from now on it is used, though no row says so yet. What nothing on record uses
 * is swept away an hour after it was taken, but never before the builds that were under way then are over.
 */
async function take({ clock }: Pick<BuildDeps, 'clock'>, path: string): Promise<boolean> {
  const now = clock() / 1000;
  try {
    await utimes(path, now, now);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Puts the tree in place under its name only when it is whole; refuses one that cannot be built. */
async function prepareTree(
  deps: BuildDeps,
  site: Site,
  { input, done, signal }: Look,
): Promise<Failure | undefined> {
  const { tree, plan, warm } = site;
  if (!existsSync(tree)) {
    const partial = `${tree}.partial`;
    await removeTree(partial);
    await mkdir(partial, { recursive: true });
    if (warm === undefined) await deps.checkout({ ...input, into: partial }, signal);
    else
      await cp(deps.paths.artifact(warm.id), partial, { recursive: true, verbatimSymlinks: true });
    await rename(partial, tree);
    for (const notice of plan.notices) await deps.say(input, notice);
  }
  if (done.length > 0) return undefined;
  const escape = await findEscape(tree);
  if (escape !== undefined)
    return {
      reason: 'invalid_repository',
      detail: `${escape} is a symbolic link that leads out of the repository.`,
    };
  return plan.hooks.before === undefined && plan.hooks.after === undefined
    ? refuseStart(site)
    : undefined;
}

const refuseStart = async ({ plan, tree }: Site): Promise<Failure | undefined> =>
  plan.start.file === undefined
    ? undefined
    : checkStart(plan.start, await readFact(join(tree, plan.folder), plan.start.file.path));

async function nextStep(
  deps: BuildDeps,
  site: Site,
  done: readonly StepOutcome[],
): Promise<BuildProgress> {
  const { plan, warm } = site;
  const isDone = (number: number) => done.some((step) => step.number === number);
  if (plan.hooks.before !== undefined && !isDone(STEP.before))
    return {
      next: 'run',
      step: hookStep(deps, site, { number: STEP.before, command: plan.hooks.before }),
    };
  if (warm !== undefined) return seal(deps, site, warm.environmentKey);

  const requirements = await readRequirements(site.tree, plan.folder, plan.requirements.path);
  if (requirements === undefined && plan.requirements.named)
    return failed({
      reason: 'missing_file',
      detail: `CC_PIP_REQUIREMENTS_FILE=${plan.requirements.path}: there is no such file in the repository.`,
    });
  const key = await environmentOf(deps, site, {
    requirements,
    installed: isDone(STEP.dependencies),
  });
  if (key === 'install' && requirements !== undefined)
    return {
      next: 'run',
      step: dependenciesStep(deps, site, { number: STEP.dependencies, requirements }),
    };
  const environment = key === 'install' ? undefined : key;
  const goal = plan.setupGoal;
  if (goal !== undefined && !isDone(STEP.setup))
    return { next: 'run', step: setupStep(deps, site, { number: STEP.setup, goal, environment }) };
  const { after } = plan.hooks;
  if (after !== undefined && !isDone(STEP.after))
    return {
      next: 'run',
      step: hookStep(deps, site, { number: STEP.after, command: after, environment }),
    };
  await pruneTree(join(site.tree, plan.folder), plan.kept);
  const refused = await refuseStart(site);
  return refused === undefined ? seal(deps, site, environment) : failed(refused);
}

/** The key of the dependencies once they are sealed, `install` where they are not, undefined for none. */
async function environmentOf(
  deps: BuildDeps,
  { input, plan, treeId, staging }: Site,
  { requirements, installed }: { requirements: Requirements | undefined; installed: boolean },
): Promise<string | undefined> {
  if (requirements === undefined) return undefined;
  const shared = environmentKey(input, plan, { requirements, treeId });
  const fresh = `${shared}.${input.deploymentId.slice(-12)}`;
  const known = input.useCache ? [await deps.findEnvironment(shared), shared] : [fresh];
  for (const key of known)
    if (key !== undefined && (await take(deps, deps.paths.environment(key)))) return key;
  if (!installed) return 'install';
  const sealed = input.useCache ? shared : fresh;
  await mkdir(dirname(deps.paths.environment(sealed)), { recursive: true });
  await rename(staging, deps.paths.environment(sealed));
  return sealed;
}

/** Decides on the artifact; from then on the build is over, also for whoever carries on after a crash. */
async function seal(
  deps: BuildDeps,
  site: Site,
  environment: string | undefined,
): Promise<BuildProgress> {
  const { input, plan, key, decision } = site;
  const artifact: Artifact = {
    id: `${key}.${input.deploymentId.slice(-12)}`,
    environmentKey: environment,
    start: {
      folder: plan.folder,
      command: plan.start.command,
      environment: pythonVariables(plan, environment === undefined ? undefined : '/opt/env'),
      readOnly: plan.interpreter.readOnly,
    },
  };
  await writeFile(`${decision}.new`, JSON.stringify(artifact));
  await rename(`${decision}.new`, decision);
  return finish(deps, site, artifact);
}

const readDecided = ({ decision }: Site): Promise<Artifact | undefined> =>
  readFile(decision, 'utf8').then(
    (text) => JSON.parse(text) as Artifact,
    () => undefined,
  );

/** The tree under its final name: from now on nobody changes it. */
async function finish(deps: BuildDeps, { tree }: Site, artifact: Artifact): Promise<BuildProgress> {
  const sealed = deps.paths.artifact(artifact.id);
  if (!(await take(deps, sealed))) {
    await mkdir(dirname(sealed), { recursive: true });
    await rename(tree, sealed);
  }
  return { next: 'done', artifact };
}
