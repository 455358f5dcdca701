import { readdir, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { DEEPEST } from '../lib/held-folder.ts';
import type { Failure } from './recipe.ts';

/**
 * Why a tree cannot be built, whatever the steps would do: a symbolic link that leads out of it, or no end of
 * folders. Only for one that no step has been at work in: it is looked at by its paths, which is quick.
 */
export async function refuseTree(tree: string): Promise<Failure | undefined> {
  const detail = await findFlaw(tree, '', 0);
  return detail === undefined ? undefined : { reason: 'invalid_repository', detail };
}

async function findFlaw(root: string, folder: string, depth: number): Promise<string | undefined> {
  if (depth > DEEPEST) return `Its folders are nested deeper than ${DEEPEST} levels.`;
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) {
      const target = await readlink(join(root, path));
      if (leadsOut(posix.isAbsolute(target) ? target : join(folder, target)))
        return `${path} is a symbolic link that leads out of the repository.`;
    } else if (entry.isDirectory()) {
      const found = await findFlaw(root, path, depth + 1);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Of a path relative to the tree. */
const leadsOut = (path: string): boolean =>
  path === '..' || path.startsWith('../') || path.startsWith('/');
