import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ApplicationId } from '../lib/ids.ts';
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
  say(input: BuildInput, line: string): Promise<void>;
};

/** The steps of a build, by number; each runs at most once. */
const STEP = { before: 0, dependencies: 1, setup: 2, after: 3 } as const;

export const createBuilder = (deps: BuildDeps): Builder => ({
  advance: (input, done, signal) => advanceBuild(deps, { input, done, signal }),
  discard: (deploymentId) =>
    rm(deps.paths.checkout(deploymentId), { recursive: true, force: true }),
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
  const { warm } = site;
  if (warm !== undefined && plan.hooks.before === undefined)
    return { next: 'done', artifact: warm };
  const refused = await prepareTree(deps, site, look);
  return refused === undefined ? nextStep(deps, site, done) : failed(refused);
}

const failed = ({ reason, detail }: Failure): BuildProgress => ({ next: 'failed', reason, detail });

function describeBroken({ number, detail }: StepOutcome): Failure {
  if (detail.startsWith('disk_full')) return { reason: 'disk_full', detail };
  if (number === STEP.dependencies)
    return {
      reason: 'dependencies_failed',
      detail: `The dependencies could not be installed (${detail}); the lines above say why.`,
    };
  const name =
    ['CC_PRE_BUILD_HOOK', '', 'PYTHON_SETUP_PY_GOAL', 'CC_POST_BUILD_HOOK'][number] ?? '';
  return { reason: 'hook_failed', detail: `${name} failed (${detail}).` };
}

async function openSite(deps: BuildDeps, input: BuildInput, plan: Plan): Promise<Site> {
  const treeId = await deps.treeId(input);
  const key = inputKey(input, treeId, plan);
  const known = input.useCache ? await deps.findMadeFrom(input.applicationId, key) : undefined;
  const site = deps.paths.checkout(input.deploymentId);
  const warm = known !== undefined && isComplete(deps.paths, known) ? known : undefined;
  return {
    input,
    plan,
    treeId,
    key,
    warm,
    tree: join(site, 'tree'),
    staging: join(site, 'environment'),
  };
}

const isComplete = (paths: DataPaths, { id, environmentKey: key }: Artifact): boolean =>
  existsSync(paths.artifact(id)) && (key === undefined || existsSync(paths.environment(key)));

/** Puts the tree in place under its name only when it is whole; refuses one that cannot be built. */
async function prepareTree(
  deps: BuildDeps,
  site: Site,
  { input, done, signal }: Look,
): Promise<Failure | undefined> {
  const { tree, plan, warm } = site;
  if (!existsSync(tree)) {
    const partial = `${tree}.partial`;
    await rm(partial, { recursive: true, force: true });
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

  const root = join(site.tree, plan.folder);
  const requirements = await readRequirements(root, plan.requirements.path);
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
  const refused = await refuseStart(site);
  return refused === undefined ? seal(deps, site, environment) : failed(refused);
}

/** The key of the dependencies once they are sealed, `install` where they are not, undefined for none. */
async function environmentOf(
  { paths }: BuildDeps,
  { input, plan, treeId, staging }: Site,
  { requirements, installed }: { requirements: Requirements | undefined; installed: boolean },
): Promise<string | undefined> {
  if (requirements === undefined) return undefined;
  const shared = environmentKey(input, plan, { requirements, treeId });
  const key = input.useCache ? shared : `${shared}.${input.deploymentId.slice(-12)}`;
  const sealed = paths.environment(key);
  if (existsSync(sealed)) return key;
  if (!installed) return 'install';
  await mkdir(dirname(sealed), { recursive: true });
  await rename(staging, sealed);
  return key;
}

/** The tree under its final name: from now on nobody changes it. */
async function seal(
  { paths }: BuildDeps,
  { input, plan, tree, key }: Site,
  environment: string | undefined,
): Promise<BuildProgress> {
  const id = `${key}.${input.deploymentId.slice(-12)}`;
  const sealed = paths.artifact(id);
  if (!existsSync(sealed)) {
    await mkdir(dirname(sealed), { recursive: true });
    await rename(tree, sealed);
  }
  const venv = environment === undefined ? undefined : '/opt/env';
  return {
    next: 'done',
    artifact: {
      id,
      environmentKey: environment,
      start: {
        folder: plan.folder,
        command: plan.start.command,
        environment: pythonVariables(plan, venv),
        readOnly: plan.interpreter.readOnly,
      },
    },
  };
}
