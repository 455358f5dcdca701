import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Command } from '../engines/engine.ts';
import type { BuildInput } from './build.ts';
import type { Interpreter } from './interpreters.ts';
import type { Failure } from './plan-start.ts';
import { planStart } from './plan-start.ts';
import type { Start } from './plan-start.ts';
import { choosePython } from './python-version.ts';
import type { Requirements } from './read-tree.ts';
import { buildHooks } from './run-hooks.ts';

/** Grows when the same inputs would be built into something else. */
const RECIPE = 'python/1';

/** What a build does, decided by the variables alone. */
export type Plan = {
  /** Below the tree, or empty. */
  folder: string;
  start: Start;
  interpreter: Interpreter;
  /** The file of dependencies, relative to the folder; missing is fine unless it was named. */
  requirements: { path: string; named: boolean };
  setupGoal: string | undefined;
  hooks: { before: Command | undefined; after: Command | undefined };
  /** What the user should know, once. */
  notices: readonly string[];
};

export function planBuild(
  { environment }: Pick<BuildInput, 'environment'>,
  interpreters: readonly Interpreter[],
): Plan | Failure {
  const start = planStart(environment);
  if ('reason' in start) return start;
  const folder = insideTree('APP_FOLDER', environment['APP_FOLDER'] ?? '');
  if (typeof folder !== 'string') return folder;
  const named = environment['CC_PIP_REQUIREMENTS_FILE']?.trim() ?? '';
  const requirements = insideTree('CC_PIP_REQUIREMENTS_FILE', named || 'requirements.txt');
  if (typeof requirements !== 'string') return requirements;
  const python = choosePython(environment, interpreters);
  if (python === undefined) return { reason: 'invalid_variable', detail: NO_PYTHON };
  const { ignored, ...chosen } = start;
  return {
    folder,
    start: chosen,
    interpreter: python.interpreter,
    requirements: { path: requirements, named: named !== '' },
    setupGoal: environment['PYTHON_SETUP_PY_GOAL']?.trim() || undefined,
    hooks: buildHooks(environment),
    notices: [
      ...(ignored.length > 0 ? [`${start.variable} wins over ${ignored.join(' and ')}.`] : []),
      ...(python.warning === undefined ? [] : [python.warning]),
      `Using Python ${python.interpreter.version.join('.')}`,
    ],
  };
}

const NO_PYTHON =
  'No Python 3.8 or newer answers on this machine: ask its operator to install one.';

/** A path that stays inside the tree, normalized; `.` is nothing. */
function insideTree(variable: string, value: string): string | Failure {
  const path = posix.normalize(value.trim() === '' ? '.' : value.trim()).replace(/\/$/, '');
  if (path === '.') return '';
  if (!path.startsWith('/') && path !== '..' && !path.startsWith('../') && !path.includes('\0'))
    return path;
  return {
    reason: 'invalid_variable',
    detail: `${variable}=${value}: the path must be relative and stay inside the repository.`,
  };
}

/** Tells artifacts apart by everything that goes into them; equal keys can take one another's place. */
export const inputKey = (
  { ownerId, applicationId }: Pick<BuildInput, 'ownerId' | 'applicationId'>,
  treeId: string,
  plan: Plan,
): string =>
  digest([
    RECIPE,
    ownerId,
    applicationId,
    treeId,
    plan.folder,
    plan.interpreter.digest,
    plan.requirements.path,
    plan.setupGoal ?? '',
    JSON.stringify(plan.hooks),
    JSON.stringify(plan.start),
  ]).slice(0, 40);

/** The variables that change what pip and uv install. */
const INDEX = /^(PIP_|UV_)/;

/**
 * Which installed dependencies can be shared. Installing runs code of the packages, so nothing is
 * shared between owners; what is installed out of the tree belongs to that tree alone.
 */
export const environmentKey = (
  { ownerId, applicationId, environment }: BuildInput,
  plan: Plan,
  { requirements, treeId }: { requirements: Requirements; treeId: string },
): string =>
  digest([
    RECIPE,
    ownerId,
    plan.interpreter.digest,
    process.platform,
    process.arch,
    requirements.path,
    requirements.digest,
    ...(requirements.local ? [applicationId, treeId] : []),
    JSON.stringify(
      Object.entries(environment)
        .filter(([name]) => INDEX.test(name))
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ),
  ]).slice(0, 40);

const digest = (parts: readonly string[]): string =>
  createHash('sha256')
    .update(parts.map((part) => `${part.length}:${part}`).join(''))
    .digest('hex');
