import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of all objects of a repository, also of those that are just being pushed; 0 where there is none. */
export async function measureRepository(repository: string): Promise<number> {
  const folders = [join(repository, 'objects')];
  let bytes = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const path = folder;
    for (const entry of await readdir(path, { withFileTypes: true }).catch(nothing)) {
      if (entry.isDirectory()) folders.push(join(path, entry.name));
      else bytes += (await lstat(join(path, entry.name)).catch(gone)).size;
    }
  }
  return bytes;
}

const gone = (): { size: number } => ({ size: 0 });
const nothing = (error: NodeJS.ErrnoException): [] => {
  if (error.code === 'ENOENT') return [];
  throw error;
};
