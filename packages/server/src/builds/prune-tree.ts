import { posix } from 'node:path';
import { holdOpened, undefinedIfNone } from '../lib/held-folder.ts';
import type { HeldFolder } from '../lib/held-folder.ts';
import { removeTree } from '../lib/remove-tree.ts';
import { holdBeneath } from '../lib/resolve-beneath.ts';
import { fateOf } from './kept-paths.ts';
import type { KeptPaths } from './kept-paths.ts';

/** Removes what an artifact is to be made without. Never follows a link; doing it twice is fine. */
export async function pruneTree(tree: string, folder: string, kept: KeptPaths): Promise<void> {
  if (kept.only === undefined && kept.except.length === 0) return;
  const { only, except } = kept;
  const bytes = { only: only?.map(asBytes), except: except.map(asBytes) };
  await using root = await holdBeneath(tree, folder);
  if (root !== undefined) await prune(root, bytes, '');
}

/** A character for each byte, as names of the disk are compared. */
const asBytes = (path: string): string => Buffer.from(path).toString('latin1');

async function prune(folder: HeldFolder, kept: KeptPaths, above: string): Promise<void> {
  for await (const entry of folder.entries()) {
    const path = posix.join(above, entry.name.toString('latin1'));
    const fate = fateOf(kept, path);
    if (fate === 'drop') await removeTree(folder.at(entry.name));
    else if (fate === 'look_inside' && entry.isDirectory()) {
      await using inner = await holdOpened(folder.at(entry.name)).catch(undefinedIfNone);
      if (inner !== undefined) await prune(inner, kept, path);
    }
  }
}
