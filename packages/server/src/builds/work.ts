import type { Command, ContainerCommand, Work } from '../workloads/engine.ts';
import { SECOND } from '../lib/duration.ts';
import { STEP_WITHIN } from './build.ts';
import type { BuildInput } from './build.ts';
import type { RecipePlan, Start } from './recipe.ts';

/** What an image is called: after the artifact that it belongs to, so that no other build has it. */
export const imageOf = (
  { applicationId }: Pick<BuildInput, 'applicationId'>,
  artifactId: string,
): string => `clever-grid/${applicationId}:${artifactId}`;

/** What builds, where the image is called so that is made. */
export function buildWork(
  build: NonNullable<RecipePlan['build']>,
  { image, afresh }: { image: string; afresh: boolean },
): Work {
  if ('command' in build) return build.command;
  const { builder, login } = build.image;
  const dockerfile = build.needs.file?.path ?? '';
  const withinSeconds = STEP_WITHIN / SECOND;
  return { name: build.name, makes: { image, dockerfile, builder, login, withinSeconds, afresh } };
}

/** What is started, where it is in the image that is called so. */
export const startWork = (
  { command }: Pick<Start, 'command'>,
  image: string,
): Command | ContainerCommand => ('argv' in command ? command : { ...command, image });
