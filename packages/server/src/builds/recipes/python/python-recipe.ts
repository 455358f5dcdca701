import { dirname } from 'node:path';
import type { Dependencies, Failure, Given, Recipe, RecipePlan, Toolchain } from '../../recipe.ts';
import { insideTree } from '../../values.ts';
import { choosePython } from './choose-python.ts';
import type { Installer } from './installer.ts';
import type { Interpreter } from './interpreters.ts';
import { LOCK, lockedPackages } from './lock-install.ts';
import { planStart } from './plan-start.ts';
import { requirementsOf } from './requirements-install.ts';
import { pythonVariables } from './variables.ts';

type Tools = { interpreters: readonly Interpreter[]; installer: Installer };

/** Python files and scripts, with what `requirements.txt` or `uv.lock` ask for. */
export const pythonRecipe = (tools: Tools): Recipe => ({
  version: 'python/3',
  variables: pythonVariables,
  wants: () => [LOCK, REQUIREMENTS].map((path) => ({ path, read: false })),
  plan: (given) => plan(tools, given),
});

const REQUIREMENTS = 'requirements.txt';

function plan({ interpreters, installer }: Tools, given: Given): RecipePlan | Failure {
  const { environment } = given;
  const start = planStart(environment);
  if ('reason' in start) return start;
  const python = choosePython(environment, interpreters);
  if (python === undefined) return { reason: 'missing_program', detail: NO_PYTHON };
  const { interpreter } = python;
  const dependencies = planDependencies(given, start.setting, { interpreter, installer });
  if ('reason' in dependencies) return dependencies;
  const { ignored, ...chosen } = start;
  const goal = environment['PYTHON_SETUP_PY_GOAL']?.trim() ?? '';
  return {
    toolchain: toolchainOf(interpreter, dependencies.path === LOCK ? installer : undefined),
    dependencies,
    build: goal === '' ? undefined : setup(goal),
    start: chosen,
    notices: [
      ...(ignored.length > 0 ? [`${start.setting} wins over ${ignored.join(' and ')}.`] : []),
      ...(python.warning === undefined ? [] : [python.warning]),
      `Using Python ${interpreter.version.join('.')}`,
    ],
  };
}

/** A list that is named, else `requirements.txt`, else `uv.lock`; a command for uv wants the lock. */
function planDependencies(
  { environment, files }: Given,
  startedBy: string,
  tools: { interpreter: Interpreter; installer: Installer },
): Dependencies | Failure {
  const named = environment['CC_PIP_REQUIREMENTS_FILE']?.trim() ?? '';
  const path = insideTree('CC_PIP_REQUIREMENTS_FILE', named || REQUIREMENTS);
  if (typeof path !== 'string') return path;
  const locked = files.get(LOCK) !== undefined;
  const byUv = startedBy === 'CC_PYTHON_UV_RUN_COMMAND';
  if (byUv && !locked) return NO_LOCK;
  const listed = named !== '' || files.get(REQUIREMENTS) !== undefined;
  if (locked && (byUv || !listed)) {
    const isDevelopment = environment['ENVIRONMENT']?.trim() === 'development';
    return lockedPackages({ isDevelopment }, tools);
  }
  const pip = environment['CC_PIP_VERSION']?.trim() || undefined;
  if (pip !== undefined && !/^\d+(\.\d+)*$/.test(pip)) return NO_PIP;
  const namedBy = named === '' ? undefined : 'CC_PIP_REQUIREMENTS_FILE';
  return requirementsOf({ path, namedBy }, tools, pip);
}

const NO_PIP: Failure = {
  reason: 'invalid_variable',
  detail: 'CC_PIP_VERSION: a version is asked for, like 24 or 24.3.',
};

const NO_LOCK: Failure = {
  reason: 'missing_file',
  detail:
    'CC_PYTHON_UV_RUN_COMMAND runs what uv.lock lists, and there is none: run "uv lock", commit uv.lock and push.',
};

const NO_PYTHON =
  'No Python 3.8 or newer answers on this machine: ask its operator to install one.';

/** With uv itself where its lock is used, which then takes what is installed as it is. */
function toolchainOf(interpreter: Interpreter, installer: Installer | undefined): Toolchain {
  const uv = installer?.uv;
  const { folder, readOnly, digest } = interpreter;
  const variables = { PYTHONUNBUFFERED: '1' };
  if (uv === undefined) return { path: [folder], variables, readOnly, digest };
  return {
    path: [folder, dirname(uv)],
    variables: { ...variables, UV_NO_SYNC: '1', UV_PROJECT_ENVIRONMENT: '/opt/env' },
    readOnly: [...readOnly, uv],
    digest,
  };
}

/** The one goal of `setup.py` that an application may ask for. */
const setup = (goal: string): RecipePlan['build'] => ({
  name: `PYTHON_SETUP_PY_GOAL=${goal}`,
  command: { name: `setup.py ${goal}`, argv: ['python', 'setup.py', ...goal.split(/\s+/)] },
});
