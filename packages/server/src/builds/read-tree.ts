import { posix } from 'node:path';
import { spellName } from '../lib/spell-name.ts';
import { holdBeneath, resolveBeneath } from '../lib/resolve-beneath.ts';
import type { FileFact } from './check-start.ts';
import type { Failure } from './recipe.ts';

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
