import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Command } from '../engines/engine.ts';
import type { BuildInput } from './build.ts';
import type { Interpreter } from './interpreters.ts';
import type { KeptPaths } from './kept-paths.ts';
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
  /** What the artifact keeps of the tree. */
  kept: KeptPaths;
  /** False: an artifact of the same inputs is never taken again. */
  reusable: boolean;
  /** What the user should know, once. */
  notices: readonly string[];
};

export function planBuild(
  { environment, kind }: Pick<BuildInput, 'environment' | 'kind'>,
  interpreters: readonly Interpreter[],
): Plan | Failure {
  const start = planStart(environment);
  if ('reason' in start) return start;
  const folder = insideTree('APP_FOLDER', environment['APP_FOLDER'] ?? '');
  if (typeof folder !== 'string') return folder;
  const named = environment['CC_PIP_REQUIREMENTS_FILE']?.trim() ?? '';
  const requirements = insideTree('CC_PIP_REQUIREMENTS_FILE', named || 'requirements.txt');
  if (typeof requirements !== 'string') return requirements;
  const kept = planKept(environment);
  if ('reason' in kept) return kept;
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
    kept,
    reusable: !isOn(environment['CC_DISABLE_BUILD_CACHE_UPLOAD']),
    notices: [
      ...(ignored.length > 0 ? [`${start.variable} wins over ${ignored.join(' and ')}.`] : []),
      ...(python.warning === undefined ? [] : [python.warning]),
      ...(kind === 'webapp' && isOtherPort(environment['PORT']) ? [OTHER_PORT] : []),
      `Using Python ${python.interpreter.version.join('.')}`,
    ],
  };
}

const NO_PYTHON =
  'No Python 3.8 or newer answers on this machine: ask its operator to install one.';

/** `true`, `1`, `yes` and `on` turn an option on. */
const isOn = (value: string | undefined): boolean => /^(true|1|yes|on)$/i.test(value?.trim() ?? '');

function planKept(environment: BuildInput['environment']): KeptPaths | Failure {
  const except = [
    ...pathsOf(environment, 'CC_IGNORE_FROM_BUILDCACHE'),
    ...pathsOf(environment, 'IGNORE_FROM_BUILDCACHE'),
  ];
  const only = pathsOf(environment, 'CC_OVERRIDE_BUILDCACHE');
  const refused = [...except, ...only].find((path) => typeof path !== 'string');
  if (refused !== undefined) return refused;
  const named = (paths: readonly (string | Failure)[]) =>
    paths.filter((path) => typeof path === 'string' && path !== '') as string[];
  return { except: named(except), only: named(only).length > 0 ? named(only) : undefined };
}

/** `a/b:c/d`, each inside the tree. */
const pathsOf = (environment: BuildInput['environment'], variable: string) =>
  (environment[variable] ?? '')
    .split(':')
    .filter((path) => path.trim() !== '')
    .map((path) => insideTree(variable, path));

const isOtherPort = (port: string | undefined): boolean =>
  port !== undefined && port.trim() !== '8080';

const OTHER_PORT =
  'PORT is not 8080: visitors and the health check come to port 8080 of the instance all the same.';

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
    JSON.stringify(plan.kept),
  ]).slice(0, 40);

/** The variables that change what pip and uv install. */
const INSTALLS = /^(PIP_|UV_)/;
/** Those that may name files of the tree. */
const NAMES_FILES = /_(CONSTRAINTS?|OVERRIDES?|EXCLUDES?|REQUIREMENTS?|FIND_LINKS|CONFIG_FILE)$/;

/**
 * Which installed dependencies can be shared. Installing runs code of the packages, so nothing is
 * shared between owners; what is installed out of the tree belongs to that tree alone.
 */
export function environmentKey(
  { ownerId, applicationId, environment }: BuildInput,
  plan: Plan,
  { requirements, treeId }: { requirements: Requirements; treeId: string },
): string {
  const settings = Object.keys(environment).filter((name) => INSTALLS.test(name));
  const local = requirements.local || settings.some((name) => NAMES_FILES.test(name));
  const names = [...new Set([...settings, ...requirements.variables])].toSorted();
  return digest([
    RECIPE,
    ownerId,
    plan.interpreter.digest,
    process.platform,
    process.arch,
    requirements.path,
    requirements.digest,
    ...(local ? [applicationId, treeId, plan.folder] : []),
    JSON.stringify(names.map((name) => [name, environment[name] ?? null])),
  ]).slice(0, 40);
}

const digest = (parts: readonly string[]): string =>
  createHash('sha256')
    .update(parts.map((part) => `${part.length}:${part}`).join(''))
    .digest('hex');
