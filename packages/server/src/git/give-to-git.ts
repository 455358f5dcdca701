import { lchown, lstat, readdir } from 'node:fs/promises';
import { GIT_USER } from './plan-git.ts';
import type { Place } from './plan-git.ts';

/** What git works on belongs to git's own user from now on; a repository is written by git alone. */
export async function giveToGit({ repository, tree }: Place): Promise<void> {
  if (tree !== undefined) await lchown(tree, GIT_USER, GIT_USER);
  await giveTree(Buffer.from(repository));
}

/** The root is given last: one that belongs to the user is given whole. References are named as who pushed them did. */
async function giveTree(path: Buffer): Promise<void> {
  if ((await lstat(path)).uid === GIT_USER) return;
  for (const entry of await readdir(path, { withFileTypes: true, encoding: 'buffer' })) {
    const inside = Buffer.concat([path, SLASH, entry.name]);
    if (entry.isDirectory()) await giveTree(inside);
    else await lchown(inside, GIT_USER, GIT_USER);
  }
  await lchown(path, GIT_USER, GIT_USER);
}

const SLASH = Buffer.from('/');
