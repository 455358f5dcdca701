import { lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GIT_USER } from './plan-git.ts';
import type { Place } from './plan-git.ts';

/** What git works on belongs to git's own user from now on; a repository is written by git alone. */
export async function giveToGit({ repository, tree }: Place): Promise<void> {
  if (tree !== undefined) await lchown(tree, GIT_USER, GIT_USER);
  await giveTree(repository);
}

/** The root is given last: one that belongs to the user is given whole. */
async function giveTree(path: string): Promise<void> {
  if ((await lstat(path)).uid === GIT_USER) return;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inside = join(path, entry.name);
    if (entry.isDirectory()) await giveTree(inside);
    else await lchown(inside, GIT_USER, GIT_USER);
  }
  await lchown(path, GIT_USER, GIT_USER);
}
