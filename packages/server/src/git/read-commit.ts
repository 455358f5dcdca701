import { posix } from 'node:path';
import type { ApplicationId } from '../lib/ids.ts';
import type { DataPaths } from '../paths.ts';
import type { Place } from './plan-git.ts';
import { requireCommit, placeOf, treeId } from './repository.ts';
import { git } from './run-git.ts';

type From = { applicationId: ApplicationId; commitId: string };
type Wanted = { path: string; read: boolean };
type File = { text: string | undefined; longerThan?: number };
type Found = { treeId: string; files: ReadonlyMap<string, File> };

/** In bytes: no file that somebody writes to decide something is longer, and whoever reads one is done at once. */
const LONGEST = 256 * 1024;
/** Of commits, and of what their files say all together. */
const REMEMBERED = { commits: 128, letters: 32 * 1024 ** 2 };

/**
 * Says what stands at some paths of a commit, and what short files say. A commit never changes, so what
 * was read is remembered for a while: a build looks at its commit again and again.
 */
export function createCommitReader(paths: DataPaths) {
  const known = new Map<string, { reading: Promise<Found>; letters: number }>();
  const forget = (): void => {
    let letters = [...known.values()].reduce((sum, one) => sum + one.letters, 0);
    for (const [name, one] of known) {
      if (known.size <= REMEMBERED.commits && letters <= REMEMBERED.letters) return;
      known.delete(name);
      letters -= one.letters;
    }
  };
  return (from: From, wanted: readonly Wanted[]): Promise<Found> => {
    const name = JSON.stringify([from.applicationId, from.commitId, wanted]);
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered.reading;
    const one = { reading: readCommit(paths, from, wanted), letters: 0 };
    known.set(name, one);
    one.reading.then(
      ({ files }) => {
        for (const { text = '' } of files.values()) one.letters += text.length;
        forget();
      },
      () => known.delete(name),
    );
    return one.reading;
  };
}

async function readCommit(paths: DataPaths, from: From, wanted: readonly Wanted[]): Promise<Found> {
  const place = placeOf(paths, from.applicationId);
  const commit = requireCommit(from.commitId);
  const names = wanted.map(({ path }) => path);
  const [id, entries] = await Promise.all([treeId(paths, from), listEntries(place, commit, names)]);
  const read = new Set(wanted.filter((one) => one.read).map(({ path }) => path));
  const files = entries.map(async (entry) => {
    const file = read.has(entry.path) ? await followLinks(place, commit, entry) : undefined;
    return [entry.path, await readText(place, file)] as const;
  });
  return { treeId: id, files: new Map(await Promise.all(files)) };
}

type Entry = { path: string; isLink: boolean; blob: string; size: number };

async function readText(place: Place, file: Entry | undefined): Promise<File> {
  if (file === undefined) return { text: undefined };
  if (!isShort(file)) return { text: undefined, longerThan: LONGEST };
  return { text: await readBlob(place, file.blob) };
}

const isShort = ({ size }: Entry): boolean => size <= LONGEST;

async function listEntries(
  place: Place,
  commit: string,
  names: readonly string[],
): Promise<Entry[]> {
  if (names.length === 0) return [];
  const list = ['ls-tree', '-z', '--long', '--full-tree', commit, '--'];
  return (await git(place, [...list, ...names]))
    .split('\0')
    .map((entry) => /^(\d+) blob ([0-9a-f]+) +(\d+)\t(.*)$/s.exec(entry))
    .filter((entry) => entry !== null)
    .map(([, mode, blob = '', size = '', path = '']) => ({
      path,
      isLink: mode === LINK,
      blob,
      size: Number(size),
    }));
}

const LINK = '120000';
const MOST_LINKS = 8;

/** The file that a link leads to in the same commit: what is elsewhere is nobody's to read. */
async function followLinks(place: Place, commit: string, entry: Entry): Promise<Entry | undefined> {
  let at: Entry | undefined = entry;
  for (let links = 0; at?.isLink === true && links < MOST_LINKS && isShort(at); links += 1) {
    const target = await readBlob(place, at.blob);
    const path = posix.join(posix.dirname(at.path), target);
    const leadsOut = target.startsWith('/') || /^\.\.(\/|$)/.test(path) || path.includes('\0');
    [at] = leadsOut ? [] : await listEntries(place, commit, [path]);
  }
  return at?.isLink === true ? undefined : at;
}

const readBlob = (place: Place, blob: string): Promise<string> =>
  git(place, ['cat-file', 'blob', blob]);
