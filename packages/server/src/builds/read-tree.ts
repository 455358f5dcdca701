import { createHash } from 'node:crypto';
import { readFile, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, join, posix, relative, resolve } from 'node:path';
import type { FileFact } from './plan-start.ts';
import { readReferences } from './requirements.ts';
import type { References } from './requirements.ts';

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
  /** sha256 over the bytes of the file, of every file it names and of uv's own settings. */
  digest: string;
  /** Whether something of the tree itself is installed. */
  local: boolean;
  /** Variables whose values are written into its lines. */
  variables: readonly string[];
};

const MOST_FILES = 100;
const LARGEST_FILE = 4 * 1024 * 1024;

/** The requirements file of a folder with everything it names, or undefined where it is not there. */
export async function readRequirements(
  tree: string,
  folder: string,
  path: string,
): Promise<Requirements | undefined> {
  const hash = createHash('sha256');
  const first = posix.join(folder, path);
  const queue = [first];
  const seen = new Map<string, References>();
  for (const file of queue) {
    if (seen.has(file) || seen.size >= MOST_FILES) continue;
    const bytes = await readInside(tree, file);
    if (bytes === undefined && file === first) return undefined;
    const references = readReferences(file, bytes?.toString('utf8') ?? '');
    seen.set(file, references);
    hash.update(`${file}\0${bytes?.length ?? 'missing'}\0`).update(bytes ?? '');
    queue.push(...references.files);
  }
  for (const settings of await uvSettings(tree, folder)) hash.update(settings);
  const all = [...seen.values()];
  return {
    path,
    digest: hash.digest('hex'),
    local: all.some(({ local }) => local),
    variables: [...new Set(all.flatMap(({ variables }) => variables))].toSorted(),
  };
}

/** What uv itself reads of a tree, from the folder up to the root: its indexes may stand there. */
async function uvSettings(tree: string, folder: string): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for (let at = folder; ; at = posix.dirname(at)) {
    const own = await readInside(tree, posix.join(at, 'uv.toml'));
    const project = await readInside(tree, posix.join(at, 'pyproject.toml'));
    if (own !== undefined) found.push(own);
    if (project?.includes('[tool.uv') === true) found.push(project);
    if (at === '' || at === '.') return found;
  }
}

/** A file of the tree, whatever links lead to it; undefined for what is none, or is not inside. */
async function readInside(tree: string, path: string): Promise<Buffer | undefined> {
  try {
    const real = await realpath(join(tree, path));
    if (isOutside(await realpath(tree), real)) return undefined;
    const { size } = await stat(real).then((found) => (found.isFile() ? found : { size: -1 }));
    return size < 0 || size > LARGEST_FILE ? undefined : await readFile(real);
  } catch {
    return undefined;
  }
}
