import { lstat } from 'node:fs/promises';
import { TooDeep, holdFolder, undefinedIfNone } from '../../../lib/held-folder.ts';
import type { HeldFolder, Name } from '../../../lib/held-folder.ts';

type Count = { bytes: number; seen: Set<bigint>; signal: AbortSignal };

/**
 * Bytes of disk that folders hold; what goes away meanwhile is not counted, links are counted once. What is nested
 * too deep to be looked at is without end.
 */
export async function diskUse(folders: readonly string[], signal: AbortSignal): Promise<number> {
  const count: Count = { bytes: 0, seen: new Set(), signal };
  try {
    for (const path of folders) {
      await addEntry(count, path);
      await using folder = await holdFolder(path).catch(undefinedIfNone);
      if (folder !== undefined) await addInside(count, folder);
    }
  } catch (error) {
    if (error instanceof TooDeep) return Infinity;
    throw error;
  }
  return count.bytes;
}

async function addInside(count: Count, folder: HeldFolder): Promise<void> {
  for await (const entry of folder.entries()) {
    await addEntry(count, folder.at(entry.name));
    if (!entry.isDirectory()) continue;
    await using inner = await folder.enter(entry.name).catch(undefinedIfClosed);
    if (inner !== undefined) await addInside(count, inner);
  }
}

async function addEntry(count: Count, path: Name): Promise<void> {
  count.signal.throwIfAborted();
  const found = await lstat(path, { bigint: true }).catch(() => undefined);
  if (found === undefined || count.seen.has(found.ino)) return;
  if (found.nlink > 1n && !found.isDirectory()) count.seen.add(found.ino);
  count.bytes += Number(found.blocks) * 512;
}

function undefinedIfClosed(error: unknown): undefined {
  if (error instanceof TooDeep) throw error;
}
