import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import { open, readlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { JUST_HOLD, holdAgain, pathOf } from './held-folder.ts';
import type { HeldFolder, Name } from './held-folder.ts';

/** What a path leads to beneath a folder, held until it is disposed of. */
export type Found = AsyncDisposable &
  (
    | { is: 'there'; path: string; stats: Stats }
    | { is: 'missing' }
    /** A link leads out of the folder, or `..` does. */
    | { is: 'outside' }
  );

const MOST_LINKS = 40;
const MOST_NAMES = 256;

/**
 * The only way to what tenants may have changed: a path beneath a folder, a name at a time. The kernel is never
 * asked to follow a link: what one says is read, and looked up here, and cannot leave the folder.
 */
export async function resolveBeneath(root: string, path: Name): Promise<Found> {
  const way = [await open(root, JUST_HOLD | constants.O_DIRECTORY)];
  try {
    return await follow(way, path);
  } finally {
    for (const held of way) await held.close();
  }
}

async function follow(way: FileHandle[], path: Name): Promise<Found> {
  const left = namesOf(path);
  let links = 0;
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    const here = way.at(-1);
    if (here === undefined || way.length > MOST_NAMES) return MISSING;
    if (name === '..') {
      if (way.length === 1) return OUTSIDE;
      await way.pop()?.close();
      continue;
    }
    const at = Buffer.from(`${pathOf(here)}/${name}`, 'latin1');
    const next = await open(at, JUST_HOLD).catch(undefinedIfMissing);
    if (next === undefined) return MISSING;
    way.push(next);
    if (!(await next.stat()).isSymbolicLink()) continue;
    const target = await readlink(at, 'buffer').catch(undefinedIfMissing);
    links += 1;
    if (target === undefined || links > MOST_LINKS) return MISSING;
    if (target[0] === SLASH) return OUTSIDE;
    await way.pop()?.close();
    left.push(...namesOf(target));
  }
  return there(way);
}

const NOT_THERE: ReadonlySet<unknown> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EACCES',
  'EINVAL',
  'ENAMETOOLONG',
  'ERR_INVALID_ARG_VALUE',
]);

function undefinedIfMissing(error: NodeJS.ErrnoException): undefined {
  if (!NOT_THERE.has(error.code)) throw error;
}

const SLASH = 0x2f;

/** The last name first, each a character for a byte; one that stays where it is is none. */
const namesOf = (path: Name): string[] =>
  Buffer.from(path)
    .toString('latin1')
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .toReversed();

const nothing = { [Symbol.asyncDispose]: () => Promise.resolve() };
const MISSING: Found = { is: 'missing', ...nothing };
const OUTSIDE: Found = { is: 'outside', ...nothing };

async function there(way: FileHandle[]): Promise<Found> {
  const held = way.at(-1);
  if (held === undefined) return MISSING;
  const stats = await held.stat();
  way.pop();
  const dispose = (): Promise<void> => held.close();
  return { is: 'there', path: pathOf(held), stats, [Symbol.asyncDispose]: dispose };
}

/** The folder at a path beneath another, or undefined where there is none beneath it. */
export async function holdBeneath(root: string, path: Name): Promise<HeldFolder | undefined> {
  await using found = await resolveBeneath(root, path);
  if (found.is !== 'there' || !found.stats.isDirectory()) return undefined;
  return await holdAgain(found.path);
}

/** What a file beneath a folder says; undefined for what is no file, is not beneath it, or is longer. */
export async function readBeneath(
  root: string,
  path: Name,
  longest: number,
): Promise<Buffer | undefined> {
  await using found = await resolveBeneath(root, path);
  if (found.is !== 'there' || !found.stats.isFile() || found.stats.size > longest) return undefined;
  await using file = await open(found.path).catch(undefinedIfMissing);
  if (file === undefined) return undefined;
  const bytes = Buffer.alloc(found.stats.size);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
  return bytes.subarray(0, bytesRead);
}
