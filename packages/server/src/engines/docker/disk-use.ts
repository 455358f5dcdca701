import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of disk that folders hold; what goes away meanwhile is not counted, links are counted once. */
export async function diskUse(folders: readonly string[], signal: AbortSignal): Promise<number> {
  const seen = new Set<bigint>();
  const waiting = [...folders];
  let bytes = 0;
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    signal.throwIfAborted();
    const found = await lstat(path, { bigint: true }).catch(() => undefined);
    if (found === undefined || seen.has(found.ino)) continue;
    if (found.nlink > 1n && !found.isDirectory()) seen.add(found.ino);
    bytes += Number(found.blocks) * 512;
    if (!found.isDirectory()) continue;
    const names = await readdir(path).catch(() => []);
    for (const name of names) waiting.push(join(path, name));
  }
  return bytes;
}
