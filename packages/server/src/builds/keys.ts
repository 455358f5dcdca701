import { createHash } from 'node:crypto';
import type { BuildInput } from './build.ts';
import type { Plan } from './plan-build.ts';
import type { Dependencies, Manifest, RecipePlan } from './recipe.ts';

/** Tells artifacts apart by everything that goes into them; equal keys can take one another's place. */
export const inputKey = (
  { ownerId, applicationId }: Pick<BuildInput, 'ownerId' | 'applicationId'>,
  treeId: string,
  plan: Plan,
): string =>
  digest([
    plan.recipe,
    ownerId,
    applicationId,
    treeId,
    plan.folder,
    plan.toolchain.digest,
    plan.dependencies?.path ?? '',
    plan.dependencies?.install.name ?? '',
    JSON.stringify(decidingPart(plan.build) ?? null),
    JSON.stringify(plan.prepare),
    JSON.stringify(plan.hooks),
    JSON.stringify(plan.start),
    JSON.stringify(plan.kept),
  ]).slice(0, 40);

/** Who asks a registry for it changes nothing about an image. */
function decidingPart(build: RecipePlan['build']): object | undefined {
  if (build === undefined || 'command' in build) return build;
  const { login: _, ...image } = build.image;
  return { ...build, image };
}

/** What a deployment's artifact of that key is called; one that is made again is another. */
export const artifactId = (key: string, deploymentId: string): string =>
  `${key}.${deploymentId.slice(-12)}`;

/**
 * Which installed dependencies can be shared. Installing runs code of the packages, so nothing is
 * shared between owners; what is installed out of the tree belongs to that tree alone.
 */
export function dependenciesKey(
  { ownerId, applicationId, environment }: BuildInput,
  { recipe, folder, toolchain }: Plan,
  wanted: { dependencies: Dependencies; manifest: Manifest; treeId: string },
): string {
  const { dependencies, manifest, treeId } = wanted;
  const settings = Object.keys(environment).filter((name) => dependencies.decidedBy.test(name));
  const local = manifest.local || settings.some((name) => dependencies.namesFiles.test(name));
  const names = [...new Set([...settings, ...manifest.variables])].toSorted();
  return digest([
    recipe,
    ownerId,
    toolchain.digest,
    process.platform,
    process.arch,
    dependencies.path,
    dependencies.install.name,
    manifest.digest,
    ...(local ? [applicationId, treeId, folder] : []),
    JSON.stringify(names.map((name) => [name, environment[name] ?? null])),
  ]).slice(0, 40);
}

const digest = (parts: readonly string[]): string =>
  createHash('sha256')
    .update(parts.map((part) => `${part.length}:${part}`).join(''))
    .digest('hex');
