import { createHash } from 'node:crypto';
import { lstat, readFile, readdir, readlink, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { FileFact } from './plan-start.ts';
import { readReferences } from './requirements.ts';

/** The first symbolic link that leads out of the tree, relative to it, or undefined. */
export async function findEscape(root: string, folder = ''): Promise<string | undefined> {
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) {
      const target = resolve(root, dirname(path), await readlink(join(root, path)));
      if (isOutside(root, target)) return path;
    } else if (entry.isDirectory()) {
      const found = await findEscape(root, path);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const isOutside = (root: string, path: string): boolean => {
  const way = relative(root, path);
  return way === '..' || way.startsWith('../') || way.startsWith('/');
};

/** What stands at a path of the tree; a link counts as what it leads to, inside. */
export async function readFact(root: string, path: string): Promise<FileFact> {
  try {
    const found = await stat(join(root, path));
    return { kind: found.isFile() ? 'file' : 'other', executable: (found.mode & 0o111) !== 0 };
  } catch {
    return { kind: 'missing', executable: false };
  }
}

export type Requirements = {
  path: string;
  /** sha256 over the bytes of the file and of every file it names. */
  digest: string;
  /** Whether something of the tree itself is installed. */
  local: boolean;
};

const MOST_FILES = 100;

/** The requirements file with everything it names, or undefined where it is not there. */
export async function readRequirements(
  root: string,
  path: string,
): Promise<Requirements | undefined> {
  if (!(await isFile(join(root, path)))) return undefined;
  const hash = createHash('sha256');
  const queue = [path];
  const seen = new Set<string>();
  let local = false;
  for (const file of queue) {
    if (seen.has(file) || seen.size >= MOST_FILES || isOutside(root, resolve(root, file))) continue;
    seen.add(file);
    const bytes = await readFile(join(root, file)).catch(() => Buffer.alloc(0));
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
    const references = readReferences(file, bytes.toString('utf8'));
    queue.push(...references.files);
    local ||= references.local;
  }
  return { path, digest: hash.digest('hex'), local };
}

const isFile = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isFile(),
    () => false,
  );
