import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Failure } from '../builds/recipe.ts';
import type { Referred } from '../builds/referred.ts';
import { MINUTE } from '../lib/duration.ts';
import type { ApplicationId } from '../lib/ids.ts';
import type { DataPaths } from '../paths.ts';
import { measureTree } from './measure-tree.ts';
import type { Place } from './plan-git.ts';
import { GitFailed, git } from './run-git.ts';

/** A pack may be this large; model weights belong into an add-on. */
export const LARGEST_PUSH = 2 * 1024 ** 3;

const branches = ['refs/heads/master', 'refs/heads/main'] as const;

/** Where git finds the repository of an application. */
export const placeOf = (paths: DataPaths, id: ApplicationId): Place => ({
  repository: paths.repository(id),
  hooks: paths.hooks,
});

const CONFIG = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
[receive]
\tfsckObjects = true
\tmaxInputSize = ${LARGEST_PUSH}
\tdenyDeletes = false
\tdenyNonFastForwards = false
\tshallowUpdate = false
[gc]
\tauto = 256
\tcruftPacks = true
\tpruneExpire = never
`;

const FOLDERS = ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags'];

/** The application's bare repository, as `git init` makes one; making it twice is fine. */
export async function createRepository(paths: DataPaths, id: ApplicationId): Promise<void> {
  const path = paths.repository(id);
  if (existsSync(path)) return;
  const partial = `${path}.${randomUUID()}.partial`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  for (const folder of FOLDERS) await mkdir(join(partial, folder), { recursive: true });
  await writeFile(join(partial, 'HEAD'), 'ref: refs/heads/master\n');
  await writeFile(join(partial, 'config'), CONFIG);
  await rename(partial, path).catch(async (error: unknown) => {
    await rm(partial, { recursive: true, force: true });
    // somebody else, who asked at the same time, has made it
    if (!existsSync(path)) throw error;
  });
}

/** A branch that deploys, and when its commit was made. */
export type Head = { ref: string; commitId: string; at: number };

/** The branches that deploy; none where there is no repository. */
export async function readHeads(paths: DataPaths, id: ApplicationId): Promise<Head[]> {
  if (!existsSync(paths.repository(id))) return [];
  const format = '%(refname) %(objectname) %(committerdate:unix)';
  const list = ['for-each-ref', `--format=${format}`, ...branches];
  return (await git(placeOf(paths, id), list))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [ref = '', commitId = '', at = ''] = line.split(' ');
      return { ref, commitId, at: Number(at) };
    });
}

const COMMIT = /^[0-9a-f]{40}$/;

/** A full commit id, and nothing that git would read as something else. */
export const requireCommit = (commitId: string): string => {
  if (COMMIT.test(commitId)) return commitId;
  throw new Error(`${JSON.stringify(commitId)} is no commit id`);
};

type From = { applicationId: ApplicationId; commitId: string };

/** The id of a commit's tree. */
export async function treeId(paths: DataPaths, { applicationId, commitId }: From): Promise<string> {
  const wanted = `${requireCommit(commitId)}^{tree}`;
  const ask = ['rev-parse', '--verify', '--end-of-options', wanted];
  return (await git(placeOf(paths, applicationId), ask)).trim();
}

/** Whether the repository holds this commit. */
export const hasCommit = (paths: DataPaths, from: From): Promise<boolean> =>
  treeId(paths, from).then(isDone, () => false);

const CHECKOUT_WITHIN = 10 * MINUTE;

/**
 * Writes the tree of a commit into the empty folder `into`, without the repository itself, and says what that refers
 * to. Why not, where it is too large, or git cannot write it: nothing is written before it is counted.
 */
export async function checkout(
  paths: DataPaths,
  { into, ...from }: From & { into: string },
  signal: AbortSignal,
): Promise<Failure | Referred> {
  const commit = requireCommit(from.commitId);
  const place = placeOf(paths, from.applicationId);
  const measured = await measureTree(place, commit, { signal });
  if ('reason' in measured) return measured;
  const index = `index.${randomUUID()}`;
  const writing = { ...place, tree: into, index };
  const asking = { signal, within: CHECKOUT_WITHIN };
  try {
    await git(writing, ['read-tree', '--reset', '-u', `${commit}^{tree}`], asking);
    const { modules, hasAttributes } = measured;
    return { modules, contents: hasAttributes && (await namesLfs(place, commit, signal)) };
  } catch (error) {
    return describeUnwritable(error);
  } finally {
    await rm(join(place.repository, index), { force: true });
    await rm(join(place.repository, `${index}.lock`), { force: true });
  }
}

/** Whether the attributes of a commit have Git LFS keep contents; the pointers are in the tree. */
const namesLfs = (place: Place, commit: string, signal: AbortSignal): Promise<boolean> =>
  git(place, ['grep', '-q', '-F', '-e', 'filter=lfs', commit, '--', ':(glob)**/.gitattributes'], {
    signal,
    environment: { GIT_LITERAL_PATHSPECS: '0' },
  }).then(isDone, (error: unknown) => {
    if (error instanceof GitFailed && error.code === 1) return false;
    throw error;
  });

const isDone = (): boolean => true;

/** What trying again changes, and is not the tree's fault. */
const PASSING = /No space left|quota|Input\/output|Too many open files|Resource temporarily/i;

/** Git gave up on a tree by itself, and would again. */
function describeUnwritable(error: unknown): Failure {
  const final = error instanceof GitFailed && error.code !== null && !PASSING.test(error.words);
  if (!final) throw error;
  const words = error.words.split('\n').at(-1) ?? '';
  return {
    reason: 'invalid_repository',
    detail: `Git cannot write the files of this commit: ${words}`,
  };
}
