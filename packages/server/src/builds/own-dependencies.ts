import type { Clock } from '../lib/clock.ts';
import type { DataPaths } from '../paths.ts';
import type { BuildSetup } from './build-setup.ts';
import { differs } from './compare-trees.ts';
import { STEP } from './describe-broken.ts';
import type { Installed } from './find-dependencies.ts';
import { artifactId, inputKey } from './keys.ts';
import { putAway, take } from './put-away.ts';

/** The steps that may add to what is installed: to a copy of it, for others have the same dependencies. */
export const addsToDependencies = (number: number): boolean =>
  number === STEP.build || number === STEP.after;

/** The key of what the artifact is started with: the copy's, where a step made something else of it. */
export async function sealDependencies(
  { paths, clock }: { paths: DataPaths; clock: Clock },
  setup: BuildSetup,
  installed: Installed,
): Promise<string | undefined> {
  const { key, audience, listed } = installed;
  if (key === undefined) return undefined;
  const { input, copy } = setup;
  const own = artifactId(inputKey(input, setup, audience), input.deploymentId);
  const sealed = paths.dependencies(own);
  if (await take(clock, sealed)) return own;
  if ((await take(clock, copy)) && (await differs(copy, paths.dependencies(key)))) {
    await putAway(clock, { made: copy, sealed });
    return own;
  }
  return listed ? key : undefined;
}
