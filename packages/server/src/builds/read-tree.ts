import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { spellName } from '../lib/spell-name.ts';
import { holdBeneath, readBeneath, resolveBeneath } from '../lib/resolve-beneath.ts';
import type { FileFact } from './check-start.ts';
import type { Dependencies, Failure, Manifest, References } from './recipe.ts';

/** What stands at a path beneath a folder of the tree; a link counts as what it leads to, inside. */
export async function readFact(tree: string, folder: string, path: string): Promise<FileFact> {
  await using found = await resolveBeneath(tree, `${folder}/${path}`);
  if (found.is === 'outside') return { kind: 'outside', executable: false, beside: [] };
  if (found.is === 'missing')
    return { kind: 'missing', executable: false, beside: await filesBeside(tree, folder, path) };
  const executable = (found.stats.mode & 0o111) !== 0;
  return { kind: found.stats.isFile() ? 'file' : 'other', executable, beside: [] };
}

const MOST_BESIDE = 5;
const MOST_LOOKED_AT = 10_000;

async function filesBeside(tree: string, below: string, path: string): Promise<string[]> {
  const folder = posix.dirname(path);
  await using held = await holdBeneath(tree, `${below}/${folder}`);
  if (held === undefined) return [];
  const names: Buffer[] = [];
  let looked = 0;
  for await (const entry of held.entries()) {
    looked += 1;
    if (looked > MOST_LOOKED_AT) break;
    const isKind = isOfKind(entry.name.toString(), posix.basename(path));
    if (!entry.isDirectory() && isKind) names.push(entry.name);
  }
  return names
    .toSorted((one, other) => Buffer.compare(one, other))
    .slice(0, MOST_BESIDE)
    .map((name) =>
      spellName(folder === '.' ? name : Buffer.concat([Buffer.from(`${folder}/`), name])),
    );
}

/** `Dockerfile.gpu` is a kind of `Dockerfile`. */
const isOfKind = (name: string, wanted: string): boolean =>
  posix.extname(name) === posix.extname(wanted) || name.startsWith(`${wanted}.`);

/** Why the application's folder is none of the tree's, at the start or after what its steps made of it. */
export async function refuseFolder(
  tree: string,
  folder: string,
  where: string,
): Promise<Failure | undefined> {
  await using found = await resolveBeneath(tree, folder);
  if (found.is === 'outside')
    return {
      reason: 'invalid_repository',
      detail: `APP_FOLDER=${folder} is a symbolic link that leads out of the repository.`,
    };
  if (found.is === 'there' && found.stats.isDirectory()) return undefined;
  return {
    reason: 'missing_file',
    detail: `APP_FOLDER=${folder}: there is no such folder ${where}.`,
  };
}

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
    const bytes = await readBeneath(tree, file, LARGEST_FILE);
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
      const bytes = await readBeneath(tree, posix.join(at, name), LARGEST_FILE);
      if (bytes !== undefined && counts(bytes.toString('utf8'))) found.push(bytes);
    }
    if (at === '' || at === '.') return found;
  }
}
