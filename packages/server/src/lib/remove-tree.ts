import { randomUUID } from 'node:crypto';
import { chmod, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The kernel takes paths of 4096 bytes. */
const LONGEST_PATH = 2048;

/**
 * Removes whatever lies at `path`; nothing is fine. What applications wrote may be closed to its own
 * user, and nested deeper than any path can say.
 */
export async function removeTree(path: string): Promise<void> {
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true });
  await remove().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENAMETOOLONG' && error.code !== 'EACCES') throw error;
    await openUp(path);
    await remove();
  });
}

/** Opens every folder below `root`, and moves what lies too deep to the top. */
async function openUp(root: string): Promise<void> {
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    await chmod(folder, 0o700);
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const path = join(folder, entry.name);
      const isDeep = Buffer.byteLength(path) > LONGEST_PATH;
      folders.push(isDeep ? await moveUp(path, root) : path);
    }
  }
}

async function moveUp(path: string, root: string): Promise<string> {
  const top = join(root, randomUUID());
  await chmod(path, 0o700);
  await rename(path, top);
  return top;
}
