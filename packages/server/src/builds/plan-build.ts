import type { Command } from '../workloads/engine.ts';
import type { BuildInput } from './build.ts';
import { planCachedPaths } from './cached-paths.ts';
import type { CachedPaths } from './cached-paths.ts';
import type { KeptPaths } from './kept-paths.ts';
import type { CommitFiles, Failure, Recipe, RecipePlan, Variables } from './recipe.ts';
import { buildHooks } from './run-hooks.ts';
import { servedPort } from './served-port.ts';
import { linesOfKey, planSshKey } from './ssh-key.ts';
import { insideTree, isOn } from './values.ts';
import { commonVariables, isPlain, namesOfRuns } from './variables.ts';
import type { Documented } from './variables.ts';

/** What a build does, decided before any of it is done. */
export type Plan = RecipePlan & {
  recipe: string;
  /** Below the tree, or empty. */
  folder: string;
  hooks: { before: Command | undefined; after: Command | undefined };
  /** Run before everything else in each step and each instance. */
  prepare: readonly Command[];
  /** What else the next build begins with. */
  cached: CachedPaths | undefined;
  /** What the artifact keeps of the tree. */
  kept: KeptPaths;
  /** False: an artifact of the same inputs is never taken again. */
  reusable: boolean;
  /** Values that are hidden in what the build prints. */
  masked: readonly string[];
  /** The application's variables that commands of the build do not see: those of runs alone. */
  unseen: readonly string[];
};

/** Where the application is in its repository. */
export const folderOf = (environment: Variables): string | Failure =>
  insideTree('APP_FOLDER', environment['APP_FOLDER'] ?? '');

/** What the runtime's recipe decides, in the frame that all runtimes share. */
export function planBuild(
  { environment, kind }: Pick<BuildInput, 'environment' | 'kind'>,
  recipe: Recipe,
  files: CommitFiles,
): Plan | Failure {
  const folder = folderOf(environment);
  if (typeof folder !== 'string') return folder;
  const kept = planKept(environment);
  if ('reason' in kept) return kept;
  const cached = planCachedPaths(environment);
  if (cached !== undefined && 'reason' in cached) return cached;
  const key = planSshKey(environment, files);
  if (key !== undefined && 'reason' in key) return key;
  const made = recipe.plan({ environment, kind, files });
  if ('reason' in made) return made;
  const documented = [...commonVariables, ...recipe.variables];
  const port = servedPort(made.start, environment);
  const otherPort = kind === 'webapp' && isOtherPort(environment['PORT'], port);
  return {
    ...made,
    recipe: recipe.version,
    folder,
    hooks: buildHooks(environment),
    prepare: key === undefined ? [] : [key],
    cached,
    kept,
    reusable: !isOn(environment['CC_DISABLE_BUILD_CACHE_UPLOAD']),
    masked: maskedOf(environment, documented),
    unseen: namesOfRuns(environment, documented),
    notices: [...tooLong(files), ...made.notices, ...(otherPort ? [sayOtherPort(port)] : [])],
  };
}

const tooLong = (files: CommitFiles): string[] =>
  [...files].flatMap(([path, file]) =>
    file?.longerThan === undefined
      ? []
      : [
          `${path} is longer than ${file.longerThan / 1024} KiB: nothing is decided by what it says.`,
        ],
  );

/** Shorter values are in too many words. */
const SECRET_LENGTH = 8;

const maskedOf = (environment: Variables, documented: readonly Documented[]): string[] =>
  Object.entries(environment)
    .filter(([name]) => !isPlain(name, documented))
    .map(([, value]) => value)
    .concat(linesOfKey(environment))
    .filter((value) => value.length >= SECRET_LENGTH);

function planKept(environment: Variables): KeptPaths | Failure {
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
const pathsOf = (environment: Variables, variable: string) =>
  (environment[variable] ?? '')
    .split(':')
    .filter((path) => path.trim() !== '')
    .map((path) => insideTree(variable, path));

const isOtherPort = (told: string | undefined, served: number): boolean =>
  told !== undefined && told.trim() !== String(served);

const sayOtherPort = (served: number): string =>
  `PORT is not ${served}: visitors and the health check come to port ${served} of the instance all the same.`;
