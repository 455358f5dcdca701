import type { Failure } from '../builds/recipe.ts';
import { plainPath } from '../builds/referred.ts';
import { SECOND } from '../lib/duration.ts';
import { DEEPEST } from '../lib/held-folder.ts';
import { endOf, spawnGit } from './run-git.ts';
import type { Place } from './plan-git.ts';

/** What a tree may be at most to be written down. */
export type TreeBounds = {
  bytes: number;
  /** Files, links and folders. */
  entries: number;
  /** Of one path, and of all together. */
  pathBytes: number;
  allPathBytes: number;
};

const treeBounds: TreeBounds = {
  bytes: 10 * 1024 ** 3,
  entries: 200_000,
  pathBytes: 2048,
  allPathBytes: 32 * 1024 ** 2,
};

type Totals = {
  bytes: number;
  entries: number;
  allPathBytes: number;
  /** Whether there are attributes, by which files may grow. */
  grows: boolean;
  modules: { path: string; commit: string }[];
};

/** What is found in a tree that may be written. */
export type Measured = Pick<Totals, 'modules'> & { hasAttributes: boolean };

/** With attributes a file may be written in another encoding, at most four times as long. */
const GROWTH = 4;
const WITHIN = 60 * SECOND;

/** What a commit's tree refers to, or why it is not written down. Nothing of it is read but its list. */
export async function measureTree(
  place: Place,
  commit: string,
  { signal, bounds = treeBounds }: { signal: AbortSignal; bounds?: TreeBounds },
): Promise<Failure | Measured> {
  const list = ['ls-tree', '-r', '-t', '-l', '-z', '--full-tree', commit];
  const child = await spawnGit(place, { args: list });
  child.stdin.end();
  child.stderr.resume();
  const enough = new AbortController();
  const ended = endOf(child, AbortSignal.any([signal, enough.signal, AbortSignal.timeout(WITHIN)]));
  ended.catch(() => undefined);
  const totals = createTotals();
  for await (const entry of split(child.stdout, bounds)) {
    const refused = count(totals, entry, bounds);
    if (refused === undefined) continue;
    enough.abort();
    return refused;
  }
  const code = await ended;
  if (code !== 0) throw new Error(`git could not list the tree of ${commit} (exit code ${code})`);
  return { modules: totals.modules, hasAttributes: totals.grows };
}

export const createTotals = (): Totals => ({
  bytes: 0,
  entries: 0,
  allPathBytes: 0,
  grows: false,
  modules: [],
});

/** What `ls-tree -z` prints, an entry at a time; one that is too long comes unfinished. */
async function* split(
  output: AsyncIterable<Buffer>,
  { pathBytes }: TreeBounds,
): AsyncGenerator<string> {
  let rest = '';
  for await (const part of output) {
    const entries = (rest + part.toString('latin1')).split('\0');
    rest = entries.pop() ?? '';
    yield* entries;
    if (rest.length > 2 * pathBytes) yield rest;
  }
}

const ENTRY = /^\d+ (\w+) ([0-9a-f]+) +(\d+|-)\t/;
/** What an argument list has room for. */
const MOST_MODULES = 500;

/** Counts an entry in; why that was too much, or undefined. */
export function count(totals: Totals, entry: string, bounds: TreeBounds): Failure | undefined {
  const [head = '', kind, id = '', size] = ENTRY.exec(entry) ?? [];
  const path = entry.slice(head.length);
  totals.entries += 1;
  totals.bytes += Number(size === '-' ? 0 : size);
  totals.allPathBytes += path.length;
  totals.grows ||= /(^|\/)\.gitattributes$/i.test(path);
  if (kind === 'commit')
    totals.modules.push({ path: plainPath(Buffer.from(path, 'latin1')), commit: id });
  const detail = describeShape(path, bounds);
  if (detail !== undefined) return { reason: 'invalid_repository', detail };
  const excess = describeExcess(totals, bounds);
  return excess === undefined ? undefined : { reason: 'disk_full', detail: excess };
}

/** A path that nobody goes along: each folder on the way is held open by whoever does. */
function describeShape(path: string, { pathBytes }: TreeBounds): string | undefined {
  if (path.length > pathBytes)
    return `A path of this commit is longer than ${pathBytes} bytes: shorten it.`;
  return path.split('/').length > DEEPEST + 1
    ? `Its folders are nested deeper than ${DEEPEST} levels.`
    : undefined;
}

function describeExcess(
  { bytes, entries, allPathBytes, grows, modules }: Totals,
  bounds: TreeBounds,
): string | undefined {
  if (modules.length > MOST_MODULES)
    return `This commit has more than ${MOST_MODULES} submodules: put what belongs together into one.`;
  const gibibytes = bounds.bytes / 1024 ** 3;
  const room = grows ? bounds.bytes / GROWTH : bounds.bytes;
  if (bytes > room)
    return grows
      ? `The files of this commit may take more than ${gibibytes} GiB of disk: with .gitattributes, which may make them grow, they may have ${gibibytes / GROWTH} GiB. ${ELSEWHERE}`
      : `The files of this commit take more than ${gibibytes} GiB of disk. ${ELSEWHERE}`;
  if (entries > bounds.entries)
    return `This commit has more than ${bounds.entries} files and folders. ${ELSEWHERE}`;
  if (allPathBytes > bounds.allPathBytes)
    return `The paths of this commit are longer than ${bounds.allPathBytes / 1024 ** 2} MiB together: shorten them.`;
  return undefined;
}

const ELSEWHERE = 'Keep data and weights in an add-on, and out of the repository.';
