import type { CommitFiles } from '../../recipe.ts';
import { readPyproject } from './read-project.ts';

/** The file that decides on what is installed, and how that is. */
export type Chosen = {
  path: string;
  by: 'list' | 'lock' | 'project' | 'metadata' | 'pipenv' | 'setup';
};

export const REQUIREMENTS = 'requirements.txt';
export const LOCK = 'uv.lock';

/** The strongest first. */
const LISTS: readonly Chosen[] = [
  { path: REQUIREMENTS, by: 'list' },
  { path: LOCK, by: 'lock' },
  { path: 'pylock.toml', by: 'list' },
  { path: 'Pipfile', by: 'pipenv' },
];

/** What is not read here, and how its packages are installed all the same. */
const NOT_READ: Readonly<Record<string, string>> = {
  'poetry.lock': '"poetry export -o requirements.txt" writes down what it lists',
  'pdm.lock': '"pdm export -o requirements.txt" writes down what it lists',
  'environment.yml': 'a post-build hook can make the environment, with conda',
  'environment.yaml': 'a post-build hook can make the environment, with conda',
  'conda-lock.yml': 'a post-build hook can make the environment, with conda',
  'pixi.toml': 'a post-build hook can make the environment, with pixi',
  'setup.cfg': 'a pyproject.toml with [build-system] beside it makes it a project',
};

/** The files that may list packages; what some of them say is wanted, too. */
export const listingFiles: readonly string[] = [
  ...LISTS.map(({ path }) => path),
  'Pipfile.lock',
  'pyproject.toml',
  'setup.py',
  ...Object.keys(NOT_READ),
];

/** What is installed where no variable names a list; nothing where no file that counts is there. */
export function choosePackages(files: CommitFiles): Chosen | undefined {
  const listed = LISTS.find(({ path }) => files.get(path) !== undefined);
  if (listed !== undefined) return listed;
  const pyproject = readPyproject(files);
  const path = 'pyproject.toml';
  if (pyproject?.project !== undefined) return { path, by: 'project' };
  const builds = pyproject?.['build-system'] !== undefined;
  if (pyproject?.tool?.poetry !== undefined && builds) return { path, by: 'metadata' };
  if (files.get('setup.py') !== undefined) return { path: 'setup.py', by: 'setup' };
  return builds ? { path, by: 'metadata' } : undefined;
}

/** What decided, and what of the other files is not read, with the way. */
export function describeChoice(files: CommitFiles, path: string | undefined): string[] {
  const passed = Object.entries(NOT_READ)
    .filter(([name]) => files.get(name) !== undefined && (name !== 'setup.cfg' || isAlone(files)))
    .map(([name, way]) => `${name} is not read here: ${way}.`);
  const others = listingFiles.filter(
    (name) => name !== path && !(name in NOT_READ) && isWeaker(files, name, path),
  );
  if (path !== undefined)
    return [
      `Installing what ${path} lists${others.length === 0 ? '' : `, not ${others.join(' and ')}`}`,
      ...passed,
    ];
  const project = files.get('pyproject.toml');
  const nothing =
    project?.text === undefined
      ? undefined
      : 'Nothing is installed: pyproject.toml has no [project]';
  const lacks = project !== undefined || passed.length > 0 ? 'Nothing is installed' : undefined;
  return [nothing ?? lacks, ...passed].filter((line) => line !== undefined);
}

/** With `setup.py` or a project, it belongs to that. */
const isAlone = (files: CommitFiles): boolean =>
  ['setup.py', 'pyproject.toml'].every((name) => files.get(name) === undefined) &&
  /^\[(metadata|options)/m.test(files.get('setup.cfg')?.text ?? '');

/** A file that would have counted, had the chosen one not been there. */
function isWeaker(files: CommitFiles, name: string, path: string | undefined): boolean {
  if (files.get(name) === undefined || path === undefined) return false;
  if (path === LOCK || path === 'pylock.toml') return name !== 'pyproject.toml';
  if (path === 'Pipfile') return name !== 'Pipfile.lock';
  return name !== 'pyproject.toml' || readPyproject(files)?.project !== undefined;
}
