import { lstat, opendir, rename } from 'node:fs/promises';
import { join } from 'node:path';
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
/** Nor is what cannot be looked at. */
const UNREADABLE = ['ENAMETOOLONG', 'EACCES'];

/** Removes the oldest entries of a download cache until the rest is within the budget. */
export async function keepCacheBudget(directory: string, budgetBytes: number): Promise<void> {
  try {
    const entries = await measureEntries(directory);
    if (entries === undefined) return await removeTree(directory);
    const removals = planRemovals(entries, budgetBytes);
    for (const { path } of removals) await rename(path, `${path}${PARTIAL}`);
    for (const { path } of removals) await removeTree(`${path}${PARTIAL}`);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (UNREADABLE.includes(code)) await removeTree(directory);
    else if (code !== 'ENOENT') throw error;
  }
}

/** The entries of a cache with their sizes, or undefined where it has too many files. */
async function measureEntries(directory: string): Promise<Stored[] | undefined> {
  const entries: Stored[] = [];
  let files = 0;
  for await (const path of entriesOf(directory, ENTRY_DEPTH)) {
    const entry = await measure(path);
    entries.push({ ...entry, path, open: false });
    files += entry.files;
    if (files > MOST_FILES) return undefined;
  }
  return entries;
}

/** Everything at this depth, and the files above it. */
async function* entriesOf(folder: string, depth: number): AsyncGenerator<string> {
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    if (depth > 1 && entry.isDirectory()) yield* entriesOf(path, depth - 1);
    else yield path;
  }
}

/** Size and files of everything at and below `path`, as far as it matters, and when it was last written. */
async function measure(path: string) {
  const found = { bytes: 0, files: 0, modifiedAt: 0 };
  const paths = [path];
  for (let next = paths.pop(); next !== undefined; next = paths.pop()) {
    const stats = await lstat(next);
    found.bytes += stats.blocks * 512;
    found.modifiedAt = Math.max(found.modifiedAt, stats.mtimeMs);
    found.files += 1;
    if (!stats.isDirectory()) continue;
    for await (const { name } of await opendir(next)) {
      paths.push(join(next, name));
      if (found.files + paths.length > MOST_FILES) return { ...found, files: Infinity };
    }
  }
  return found;
}
