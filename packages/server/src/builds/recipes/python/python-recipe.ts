import { dirname } from 'node:path';
import type { Dependencies, Failure, Given, Recipe, RecipePlan, Toolchain } from '../../recipe.ts';
import { insideTree } from '../../values.ts';
import { choosePython } from './choose-python.ts';
import type { Installer } from './installer.ts';
import type { Interpreter } from './interpreters.ts';
import {
  LOCK,
  REQUIREMENTS,
  choosePackages,
  describeChoice,
  listingFiles,
} from './choose-packages.ts';
import type { Chosen } from './choose-packages.ts';
import { lockedPackages } from './lock-install.ts';
import { inWordsOfUv } from './pip-settings.ts';
import { planStart } from './plan-start.ts';
import { projectPackages } from './project-install.ts';
import { requirementsOf } from './requirements-install.ts';
import { pythonVariables } from './variables.ts';
import { wishingFiles } from './version-wishes.ts';

type Tools = { interpreters: readonly Interpreter[]; installer: Installer };

/** Python files and scripts, with what `requirements.txt` or `uv.lock` ask for. */
export const pythonRecipe = (tools: Tools): Recipe => ({
  version: 'python/4',
  variables: pythonVariables,
  wants: (environment) =>
    [...new Set([...listingFiles, ...wishingFiles(folderOf(environment))])].map((path) => ({
      path,
      read: !UNREAD.test(path),
    })),
  plan: (given) => plan(tools, given),
});

const folderOf = (environment: Given['environment']): string => {
  const folder = insideTree('APP_FOLDER', environment['APP_FOLDER'] ?? '');
  return typeof folder === 'string' ? folder : '';
};

/** Lists and locks are read where they are installed. */
const UNREAD = /^requirements\.txt$|\.lock$|lock\.(toml|yml)$/;

function plan({ interpreters, installer }: Tools, given: Given): RecipePlan | Failure {
  const { environment } = given;
  const start = planStart(environment);
  if ('reason' in start) return start;
  const python = choosePython(given, interpreters);
  if (python === undefined) return { reason: 'missing_program', detail: NO_PYTHON };
  const { interpreter } = python;
  const packages = planPackages(given, start.setting, { interpreter, installer });
  if ('reason' in packages) return packages;
  const { dependencies } = packages;
  const { ignored, ...chosen } = start;
  const goal = environment['PYTHON_SETUP_PY_GOAL']?.trim() ?? '';
  return {
    toolchain: toolchainOf(interpreter, installer, packages),
    dependencies,
    build: goal === '' ? undefined : setup(goal),
    start: chosen,
    notices: [
      ...(ignored.length > 0 ? [`${start.setting} wins over ${ignored.join(' and ')}.`] : []),
      ...python.notices,
      ...packages.notices,
    ],
  };
}

type Packages = { dependencies: Dependencies; notices: readonly string[]; isProject: boolean };

/** A list that is named, else the strongest file that lists packages; a command for uv wants the lock. */
function planPackages(
  given: Given,
  startedBy: string,
  { interpreter, installer }: { interpreter: Interpreter; installer: Installer },
): Packages | Failure {
  const { environment, files } = given;
  const named = environment['CC_PIP_REQUIREMENTS_FILE']?.trim() ?? '';
  const path = insideTree('CC_PIP_REQUIREMENTS_FILE', named || REQUIREMENTS);
  if (typeof path !== 'string') return path;
  const byUv = startedBy === 'CC_PYTHON_UV_RUN_COMMAND';
  if (byUv && files.get(LOCK) === undefined) return NO_LOCK;
  const pip = environment['CC_PIP_VERSION']?.trim() || undefined;
  if (pip !== undefined && !/^\d+(\.\d+)*$/.test(pip)) return NO_PIP;
  const { settings, pipAlone } = inWordsOfUv(environment, installer.settings);
  const tools = { interpreter, installer: { ...installer, settings } };
  const chosen = byUv
    ? ({ path: LOCK, by: 'lock' } as const)
    : named === ''
      ? choosePackages(files)
      : ({ path, by: 'list' } as const);
  const { by } = chosen ?? { by: 'list' };
  const dependencies =
    by === 'lock'
      ? lockedPackages(
          { isDevelopment: environment['ENVIRONMENT']?.trim() === 'development' },
          tools,
        )
      : chosen === undefined || by === 'list'
        ? requirementsOf(
            {
              path: chosen?.path ?? path,
              namedBy: named === '' ? undefined : 'CC_PIP_REQUIREMENTS_FILE',
            },
            tools,
            { pip, pipAlone },
          )
        : projectPackages({ path: chosen.path, by }, given, { ...tools, pip, pipAlone });
  if ('reason' in dependencies) return dependencies;
  const unheard = chosen === undefined || !isUvs(chosen, installer, pip) ? [] : pipAlone;
  const notices = [
    ...describeChoice(files, chosen?.path),
    ...(unheard.length === 0 ? [] : [sayUnheard(unheard, chosen?.path ?? path)]),
  ];
  return { dependencies, notices, isProject: by === 'lock' || by === 'project' };
}

/** Whether uv installs it whatever pip would make of it. */
const isUvs = (
  { path, by }: Pick<Chosen, 'path' | 'by'>,
  { uv }: Installer,
  pip: string | undefined,
): boolean =>
  by === 'lock' ||
  (uv !== undefined &&
    pip === undefined &&
    by !== 'pipenv' &&
    (by !== 'list' || path.endsWith('.toml')));

const sayUnheard = (names: readonly string[], path: string): string =>
  `${names.join(' and ')} ${names.length === 1 ? 'has' : 'have'} no effect: uv installs what ${path} lists, and has no such ${names.length === 1 ? 'setting' : 'settings'}.`;

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

/** With uv itself, which takes what is installed of a project as it is. */
function toolchainOf(
  { folder, readOnly, digest }: Interpreter,
  { uv }: Installer,
  { isProject }: Packages,
): Toolchain {
  const variables = { PYTHONUNBUFFERED: '1' };
  if (uv === undefined) return { path: [folder], variables, readOnly, digest };
  const synced = { UV_NO_SYNC: '1', UV_PROJECT_ENVIRONMENT: '/opt/env' };
  return {
    path: [folder, dirname(uv)],
    variables: { ...variables, ...(isProject && synced) },
    readOnly: [...readOnly, uv],
    digest,
  };
}

/** The one goal of `setup.py` that an application may ask for. */
const setup = (goal: string): RecipePlan['build'] => ({
  name: `PYTHON_SETUP_PY_GOAL=${goal}`,
  command: { name: `setup.py ${goal}`, argv: ['python', 'setup.py', ...goal.split(/\s+/)] },
});
