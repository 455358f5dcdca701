import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from '../workloads/engine.ts';
import type { StepOutcome } from './build.ts';
import { STEP } from './describe-broken.ts';
import type { Variables } from './recipe.ts';
import { isOn } from './values.ts';

/** What the tree of a commit only refers to, and git does not keep. */
export type Referred = {
  /** Where submodules are, a `%` and two digits for each byte that is no plain character, and their commits. */
  modules: readonly { path: string; commit: string }[];
  /** Whether the contents of files may be kept by Git LFS. */
  contents: boolean;
};

/** A path in plain characters. */
export const plainPath = (path: Buffer): string =>
  path
    .toString('latin1')
    .replaceAll(/[^\w./-]/g, (byte) => `%${Buffer.from(byte, 'latin1').toString('hex')}`);

const PROGRAM = readFileSync(join(import.meta.dirname, 'fetch_referred.py'), 'utf8');
/** The program's own exit code where something could not be had, and was named. */
const LEFT_OUT = 3;

/** Fetches it, in the sandbox: nothing of a tenant's is reached from elsewhere. Undefined where there is nothing. */
export function fetchReferred(
  referred: Referred,
  variables: Variables,
  afresh: boolean,
): Command | undefined {
  const { contents } = referred;
  const modules = isWithoutModules(variables) ? [] : referred.modules;
  if (modules.length === 0 && !contents) return undefined;
  const words = modules.flatMap(({ path, commit }) => [path, commit]);
  const options = [afresh ? 'afresh' : '', contents ? 'contents' : ''];
  return { name: NAME, argv: ['python3', '-I', '-c', PROGRAM, ...options, ...words] };
}

const NAME = 'Fetching submodules and files of Git LFS';

const isWithoutModules = (variables: Variables): boolean =>
  isOn(variables['CC_DISABLE_GIT_SUBMODULES']);

/** What is not to be fetched, in one form. */
export const leftAlone = (variables: Variables): string =>
  JSON.stringify([isWithoutModules(variables), variables['GIT_LFS_SKIP_SMUDGE'] ?? '']);

/** What to know of an application that is in a submodule: what decides on a build is read in the commit. */
export function noticeOf({ modules }: Referred, folder: string): string | undefined {
  const inside = `${plainPath(Buffer.from(folder))}/`;
  const module = modules.find(({ path }) => inside.startsWith(`${path}/`));
  return module === undefined
    ? undefined
    : `APP_FOLDER=${folder} is in a submodule, whose files are fetched later: requirements.txt, uv.lock, pom.xml and the like are not noticed there. Name by variables what is to be installed, built and started.`;
}

/** Whether a step is over that could not have all that is referred to: the build goes on without. */
export const leavesOut = ({ number, reason, exitCode }: StepOutcome): boolean =>
  number === STEP.fetch && reason === 'exited' && exitCode === LEFT_OUT;

/** Beside the tree, where no step comes. */
const fileIn = (checkout: string): string => join(checkout, 'referred.json');
const markIn = (checkout: string): string => join(checkout, 'incomplete');

/** Is there as soon as the tree is. */
export const writeReferred = (checkout: string, referred: Referred): Promise<void> =>
  writeFile(fileIn(checkout), JSON.stringify(referred));

/** Whether the tree is of a version of the platform that did not write it down: what it lacks nobody knows. */
export const lacksReferred = (checkout: string): boolean =>
  existsSync(join(checkout, 'tree')) && !existsSync(fileIn(checkout));

/** Of a tree that is taken as it was built. */
export const NOTHING: Referred = { modules: [], contents: false };

export const readReferred = (checkout: string): Promise<Referred> =>
  readFile(fileIn(checkout), 'utf8').then(
    (text) => JSON.parse(text) as Referred,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return NOTHING;
    },
  );

/** From now on the tree is not the commit's: what is made of it is nobody else's, and made again the next time. */
export async function markIncomplete(checkout: string): Promise<void> {
  if (isIncomplete(checkout)) return;
  await mkdir(checkout, { recursive: true, mode: 0o700 });
  await writeFile(markIn(checkout), '');
}

export const isIncomplete = (checkout: string): boolean => existsSync(markIn(checkout));
