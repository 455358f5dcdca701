import { createHash } from 'node:crypto';
import type { BuildInput } from './build.ts';
import type { Plan } from './plan-build.ts';
import type { Dependencies, Manifest, Seen } from './recipe.ts';
import {
  decidingAlways,
  decidingOn,
  decidingOnImage,
  seenByCommands,
  write,
} from './seen-variables.ts';
import { leftAlone } from './referred.ts';

/**
 * For whom something was made, beside what its key says: its application, where nothing is said; else that with its
 * variables, one commit, or one deployment.
 */
export type Audience = string;

/** Tells artifacts apart by everything that goes into them; equal keys can take one another's place. */
export const inputKey = (
  input: BuildInput,
  { treeId, plan }: { treeId: string; plan: Plan },
  audience: Audience = '',
): string =>
  digest([
    FRAME,
    plan.recipe,
    input.ownerId,
    input.applicationId,
    treeId,
    leftAlone(input.environment),
    plan.folder,
    plan.toolchain.digest,
    plan.dependencies?.path ?? '',
    plan.dependencies?.install.name ?? '',
    plan.dependencies === undefined ? '' : settingsOf(input, plan, plan.dependencies),
    audience,
    decidingPart(input, plan),
    JSON.stringify(plan.prepare),
    JSON.stringify(plan.hooks),
    JSON.stringify(plan.start),
    JSON.stringify(plan.kept),
  ]).slice(0, 40);

/** Grows when what all builds have in common makes something else of the same inputs. */
const FRAME = 'submodules';

/** What the installer is told; whatever else of the variables its packages saw, their audience tells. */
const settingsOf = (
  input: BuildInput,
  plan: Plan,
  { decidedBy, variables }: Dependencies,
): string => {
  const seen = { ...variables, ...seenByCommands(input, plan) };
  return write(Object.fromEntries(Object.entries(seen).filter(([name]) => decidedBy.test(name))));
};

/**
 * What builds, with all that it may see; hooks see all, too. Who asks a registry for it changes nothing about an
 * image.
 */
function decidingPart(input: BuildInput, plan: Plan): string {
  const { build, hooks, cached } = plan;
  const steps = [hooks.before, hooks.after, cached];
  const seen = steps.some((step) => step !== undefined) ? decidingOn(input, plan) : '';
  if (build === undefined) return seen;
  if ('command' in build) return JSON.stringify([build, decidingOn(input, plan)]);
  const { login: _, arguments: names, ...image } = build.image;
  return JSON.stringify([{ ...build, image }, decidingOnImage(input, names), seen]);
}

/** What a deployment's artifact of that key is called; one that is made again is another. */
export const artifactId = (key: string, deploymentId: string): string =>
  `${key}.${deploymentId.slice(-12)}`;

/** What installed dependencies are called, and for whom they are. */
export type DependencyKey = { key: string; audience: Audience };

export type DependencyKeys = {
  /** Those whose packages can be taken as they are, whichever build installed them. */
  taken: readonly DependencyKey[];
  /** What is installed now is called so, by whether code of packages ran in doing so. */
  made: { byCode: DependencyKey; withoutCode: DependencyKey };
};

/**
 * Which installed dependencies can be taken again. They are an application's, for its code may write what its installer
 * reads: the download cache, and the mark that no code ran. Where finished packages were just unpacked they are so with
 * equal settings of the installer. Where code ran, it may have read any variable: that is for equal variables. What is
 * of the tree is its commit's, and what cannot be followed is the deployment's alone.
 */
export function dependencyKeys(
  input: BuildInput,
  plan: Plan,
  wanted: { dependencies: Dependencies; manifest: Manifest; seen: Seen },
): DependencyKeys {
  const base = baseKey(input, plan, wanted);
  const { always, commit } = audiencesOf(input, plan);
  const { reach, variables } = wanted.manifest;
  const audience = { packages: always, tree: commit, unknown: ownAudience(input) }[reach];
  const own = { key: `${base}-${audience}`, audience };
  if (reach !== 'packages') return { taken: [own], made: { byCode: own, withoutCode: own } };
  const unpacked = { key: base, audience: variables.length === 0 ? '' : commit };
  return { taken: [unpacked, own], made: { byCode: own, withoutCode: unpacked } };
}

function baseKey(
  { ownerId, applicationId }: BuildInput,
  { recipe, toolchain }: Plan,
  { dependencies, manifest, seen }: Parameters<typeof dependencyKeys>[2],
): string {
  const settings = Object.keys(seen.variables).filter((name) => dependencies.decidedBy.test(name));
  const names = [...new Set([...settings, ...manifest.variables])].toSorted();
  return digest([
    recipe,
    ownerId,
    applicationId,
    toolchain.digest,
    process.platform,
    process.arch,
    dependencies.path,
    dependencies.install.name,
    manifest.digest,
    JSON.stringify(names.map((name) => [name, seen.variables[name] ?? null])),
  ]).slice(0, 40);
}

/** One deployment. */
export const ownAudience = ({ deploymentId }: Pick<BuildInput, 'deploymentId'>): Audience =>
  deploymentId.slice(-12);

/** An application with its variables, and a commit of it. */
export const audiencesOf = (
  input: BuildInput,
  plan: Plan,
): { always: Audience; commit: Audience } => ({
  always: digest(['application', decidingAlways(input, plan)]).slice(0, 16),
  commit: digest(['commit', decidingOn(input, plan)]).slice(0, 16),
});

const digest = (parts: readonly string[]): string =>
  createHash('sha256')
    .update(parts.map((part) => `${part.length}:${part}`).join(''))
    .digest('hex');
