import { createHash } from 'node:crypto';
import { readFile, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, join, posix, relative, resolve } from 'node:path';
import type { FileFact } from './check-start.ts';
import type { Dependencies, Manifest, References } from './recipe.ts';

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
    const executable = (found.mode & 0o111) !== 0;
    return { kind: found.isFile() ? 'file' : 'other', executable, beside: [] };
  } catch {
    return { kind: 'missing', executable: false, beside: await filesBeside(root, path) };
  }
}

const MOST_BESIDE = 5;

async function filesBeside(root: string, path: string): Promise<string[]> {
  const folder = posix.dirname(path);
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => isOfKind(name, posix.basename(path)))
    .toSorted()
    .slice(0, MOST_BESIDE)
    .map((name) => posix.join(folder, name));
}

/** `Dockerfile.gpu` is a kind of `Dockerfile`. */
const isOfKind = (name: string, wanted: string): boolean =>
  posix.extname(name) === posix.extname(wanted) || name.startsWith(`${wanted}.`);

export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

const MOST_FILES = 100;
const LARGEST_FILE = 4 * 1024 * 1024;

/** The file that lists a folder's dependencies with everything it names, or undefined where it is not there. */
export async function readManifest(
  tree: string,
  folder: string,
  { path, references, settings }: Pick<Dependencies, 'path' | 'references' | 'settings'>,
): Promise<Manifest | undefined> {
  const hash = createHash('sha256');
  const first = posix.join(folder, path);
  const queue = [first];
  const seen = new Map<string, References>();
  for (const file of queue) {
    if (seen.has(file) || seen.size >= MOST_FILES) continue;
    const bytes = await readInside(tree, file);
    if (bytes === undefined && file === first) return undefined;
    const found = references(file, bytes?.toString('utf8') ?? '');
    seen.set(file, found);
    hash.update(`${file}\0${bytes?.length ?? 'missing'}\0`).update(bytes ?? '');
    queue.push(...found.files);
  }
  for (const bytes of await readSettings(tree, folder, settings)) hash.update(bytes);
  const all = [...seen.values()];
  return {
    digest: hash.digest('hex'),
    local: all.some(({ local }) => local),
    variables: [...new Set(all.flatMap(({ variables }) => variables))].toSorted(),
  };
}

/** From the folder up to the root of the tree. */
async function readSettings(
  tree: string,
  folder: string,
  settings: Dependencies['settings'],
): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for (let at = folder; ; at = posix.dirname(at)) {
    for (const { name, counts } of settings) {
      const bytes = await readInside(tree, posix.join(at, name));
      if (bytes !== undefined && counts(bytes.toString('utf8'))) found.push(bytes);
    }
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
