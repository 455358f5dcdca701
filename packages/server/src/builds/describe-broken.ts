import { MINUTE } from '../lib/duration.ts';
import { STEP_WITHIN } from './build.ts';
import type { StepOutcome } from './build.ts';
import type { Plan } from './plan-build.ts';
import type { Failure } from './recipe.ts';

/** The steps of a build, by number, which says nothing of their order; each runs at most once. */
export const STEP = {
  restore: 0,
  before: 1,
  dependencies: 2,
  build: 3,
  after: 4,
  save: 5,
  fetch: 6,
} as const;

/** What users set to have a step, by its number. */
const stepNames = ({ build }: Pick<Plan, 'build'>): readonly string[] => [
  'CC_CACHE_DEPENDENCIES_EXTRA_PATHS',
  'CC_PRE_BUILD_HOOK',
  'Installing the dependencies',
  build?.name ?? '',
  'CC_POST_BUILD_HOOK',
  'CC_CACHE_DEPENDENCIES_EXTRA_PATHS',
  'Fetching submodules and files of Git LFS',
];

/** These are named as such, whatever step met them. */
const NAMED = [
  'memory_limit',
  'disk_full',
  'process_limit',
  'start_failed',
  'invalid_file',
] as const;

/** Why a build ended with a step. */
export function describeBroken(
  plan: Pick<Plan, 'build'>,
  { number, reason, detail }: StepOutcome,
): Failure {
  const name = stepNames(plan)[number] ?? '';
  if (reason === 'timeout')
    return {
      reason: 'build_timeout',
      detail: `${name} took longer than ${STEP_WITHIN / MINUTE} minutes and was ended.`,
    };
  const named = NAMED.find((one) => one === reason);
  if (named !== undefined) return { reason: named, detail: `${name} failed: ${detail}` };
  if (number === STEP.dependencies)
    return {
      reason: 'dependencies_failed',
      detail: `The dependencies could not be installed (${detail}); the lines above say why.`,
    };
  if (number === STEP.build)
    return {
      reason: 'build_failed',
      detail: `${name} failed (${detail}); the lines above say why.`,
    };
  return { reason: 'hook_failed', detail: `${name} failed (${detail}).` };
}
