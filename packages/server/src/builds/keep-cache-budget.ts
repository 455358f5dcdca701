import { lstat, rename } from 'node:fs/promises';
import { TooDeep, holdFolder, undefinedIfNone } from '../lib/held-folder.ts';
import type { HeldFolder } from '../lib/held-folder.ts';
import { planRemovals } from '../lib/plan-removals.ts';
import type { Stored } from '../lib/plan-removals.ts';
import { removeTree } from '../lib/remove-tree.ts';
import { PARTIAL } from './plan-sweep.ts';

/**
 * What is removed of a cache as a whole: `uv/archive-v0/<package>`, `huggingface/hub/<model>`. A package
 * that lacks a file would be installed without it, and nobody would notice.
 */
const ENTRY_DEPTH = 3;
/** More than that is no cache. */
const MOST_FILES = 1_000_000;
/** Removes the oldest entries of a download cache until the rest is within the budget; builds may be at work in it. */
export async function keepCacheBudget(directory: string, budgetBytes: number): Promise<void> {
  try {
    const entries = await measureEntries(directory);
    if (entries === undefined) return await removeTree(directory);
    for (const { way } of planRemovals(entries, budgetBytes)) await removeEntry(directory, way);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (error instanceof TooDeep || code === 'EACCES') await removeTree(directory);
    else if (!MEANWHILE.includes(code)) throw error;
  }
}

/** It is gone, or somebody fills what is removed: the next time is early enough. */
const MEANWHILE = ['ENOENT', 'ENOTEMPTY', 'EEXIST'];

/** By its names from the top of the cache. */
type Entry = Stored & { way: readonly Buffer[] };

/** Out of the way first: whoever needs it gets it whole, or not at all. */
async function removeEntry(directory: string, way: readonly Buffer[]): Promise<void> {
  const [last, ...above] = way.toReversed();
  if (last === undefined) return;
  await using stack = new AsyncDisposableStack();
  let folder = stack.use(await holdFolder(directory));
  for (const name of above.toReversed()) {
    const inner = await folder.enter(name);
    if (inner === undefined) return;
    folder = stack.use(inner);
  }
  const aside = folder.at(Buffer.concat([last, Buffer.from(PARTIAL)]));
  await rename(folder.at(last), aside);
  await removeTree(aside);
}

/** The entries of a cache with their sizes, or undefined where it has too many files. */
async function measureEntries(directory: string): Promise<Entry[] | undefined> {
  const entries: Entry[] = [];
  let files = 0;
  await using top = await holdFolder(directory);
  for await (const { folder, way } of entriesOf(top, [])) {
    const entry = await measure(folder, way);
    entries.push({ ...entry, way, path: way.join('/'), open: false });
    files += entry.files;
    if (files > MOST_FILES) return undefined;
  }
  return entries;
}

type Place = { folder: HeldFolder; way: readonly Buffer[] };

/** Everything at the depth of entries, and the files above it. */
async function* entriesOf(folder: HeldFolder, above: readonly Buffer[]): AsyncGenerator<Place> {
  for await (const entry of folder.entries()) {
    const way = [...above, entry.name];
    const isAbove = way.length < ENTRY_DEPTH && entry.isDirectory();
    await using inner = isAbove ? await folder.enter(entry.name) : undefined;
    if (inner === undefined) yield { folder, way };
    else yield* entriesOf(inner, way);
  }
}

type Measured = { bytes: number; files: number; modifiedAt: number };

/** Size and files of an entry with all that is below it, as far as it matters, and when it was last written. */
async function measure(folder: HeldFolder, way: readonly Buffer[]): Promise<Measured> {
  const found = { bytes: 0, files: 0, modifiedAt: 0 };
  const name = way.at(-1);
  if (name !== undefined) await addMeasured(found, folder, name);
  return found;
}

async function addMeasured(found: Measured, folder: HeldFolder, name: Buffer): Promise<void> {
  const stats = await lstat(folder.at(name)).catch(undefinedIfNone);
  if (stats === undefined) return;
  found.bytes += stats.blocks * 512;
  found.modifiedAt = Math.max(found.modifiedAt, stats.mtimeMs);
  found.files += 1;
  if (!stats.isDirectory()) return;
  await using inner = await folder.enter(name);
  if (inner === undefined) return;
  for await (const entry of inner.entries()) {
    if (found.files > MOST_FILES) return;
    await addMeasured(found, inner, entry.name);
  }
}
