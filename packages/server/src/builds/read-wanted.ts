import { posix } from 'node:path';
import type { ApplicationId } from '../lib/ids.ts';
import type { BuildInput } from './build.ts';
import { folderOf } from './plan-build.ts';
import { SSH_FILE } from './ssh-key.ts';
import type { CommitFile, CommitFiles, Failure, Recipe, Wanted } from './recipe.ts';

export type CommitSource = {
  /** The id of a commit's tree (equal trees have equal ids), and what stands at some of its paths. */
  readCommit(
    from: { applicationId: ApplicationId; commitId: string },
    wanted: readonly Wanted[],
  ): Promise<{ treeId: string; files: CommitFiles }>;
};

/** All that the frame and a recipe want to know of a commit, read out of the repository, and the tree's id. */
export async function readWanted(
  source: CommitSource,
  input: BuildInput,
  recipe: Recipe,
): Promise<{ treeId: string; files: CommitFiles } | Failure> {
  const folder = folderOf(input.environment);
  if (typeof folder !== 'string') return folder;
  const files = new Map<string, CommitFile | undefined>();
  for (;;) {
    const wanted = [{ path: SSH_FILE, read: true }, ...recipe.wants(input.environment, files)]
      .filter(({ path }) => !files.has(path))
      .map((one) => ({ ...one, inTree: posix.join(folder, one.path) }));
    const found = await source.readCommit(
      input,
      wanted.map(({ inTree, read }) => ({ path: inTree, read })),
    );
    for (const { path, inTree } of wanted) files.set(path, found.files.get(inTree));
    if (wanted.length === 0) return { treeId: found.treeId, files };
  }
}
