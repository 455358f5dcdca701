import type { ApplicationId } from '../lib/ids.ts';
import type { DataPaths } from '../paths.ts';
import type { Place } from './plan-git.ts';
import { demandCommit, placeOf, treeId } from './repository.ts';
import { git } from './run-git.ts';

type From = { applicationId: ApplicationId; commitId: string };
type Wanted = { path: string; read: boolean };
type Found = { treeId: string; files: ReadonlyMap<string, { text: string | undefined }> };

/** Files that are read to decide something are short. */
const LONGEST = 16 * 1024;
const REMEMBERED = 128;

/**
 * Says what stands at some paths of a commit, and what short files say. A commit never changes, so what
 * was read is remembered for a while: a build looks at its commit again and again.
 */
export function createCommitReader(paths: DataPaths) {
  const known = new Map<string, Promise<Found>>();
  return (from: From, wanted: readonly Wanted[]): Promise<Found> => {
    const name = JSON.stringify([from.applicationId, from.commitId, wanted]);
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    const reading = readCommit(paths, from, wanted);
    known.set(name, reading);
    reading.catch(() => known.delete(name));
    const [oldest] = known.keys();
    if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
    return reading;
  };
}

async function readCommit(paths: DataPaths, from: From, wanted: readonly Wanted[]): Promise<Found> {
  const place = placeOf(paths, from.applicationId);
  const [id, entries] = await Promise.all([
    treeId(paths, from),
    listEntries(place, demandCommit(from.commitId), wanted),
  ]);
  const read = new Set(wanted.filter((one) => one.read).map(({ path }) => path));
  const files = entries.map(async ({ path, blob, size }) => {
    const isShort = read.has(path) && size <= LONGEST;
    const text = isShort ? await readBlob(place, blob) : undefined;
    return [path, { text }] as const;
  });
  return { treeId: id, files: new Map(await Promise.all(files)) };
}

async function listEntries(place: Place, commit: string, wanted: readonly Wanted[]) {
  if (wanted.length === 0) return [];
  const names = wanted.map(({ path }) => path);
  const list = ['ls-tree', '-z', '--long', '--full-tree', commit, '--'];
  return (await git(place, [...list, ...names]))
    .split('\0')
    .map((entry) => /^\d+ blob ([0-9a-f]+) +(\d+)\t(.*)$/s.exec(entry))
    .filter((entry) => entry !== null)
    .map(([, blob = '', size = '', path = '']) => ({ path, blob, size: Number(size) }));
}

const readBlob = (place: Place, blob: string): Promise<string> =>
  git(place, ['cat-file', 'blob', blob]);
