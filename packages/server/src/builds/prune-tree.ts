import { readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { removeTree } from '../lib/remove-tree.ts';
import { fateOf } from './kept-paths.ts';
import type { KeptPaths } from './kept-paths.ts';

/** Removes what an artifact is to be made without. Never follows a link; doing it twice is fine. */
export async function pruneTree(root: string, kept: KeptPaths, folder = ''): Promise<void> {
  if (kept.only === undefined && kept.except.length === 0) return;
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = posix.join(folder, entry.name);
    const fate = fateOf(kept, path);
    if (fate === 'drop') await removeTree(join(root, path));
    else if (fate === 'look_inside' && entry.isDirectory()) await pruneTree(root, kept, path);
  }
}
