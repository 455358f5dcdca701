import { randomUUID } from 'node:crypto';
import { rename, rmdir, unlink } from 'node:fs/promises';
import { holdOpened } from './held-folder.ts';
import type { HeldFolder, Name } from './held-folder.ts';

/** What lies deeper is moved to the top first: each level is a descriptor. */
const DEEPEST = 64;
/** Somebody who fills a folder as fast as it is emptied wins in the end. */
const MOST_LOOKS = 20_000;
const AT_ONCE = 32;

/**
 * Removes whatever lies at `path`; nothing is fine. What applications wrote may be closed to its own user, nested
 * deeper than any path can say, and be changed by them meanwhile: a link is removed, and never followed.
 */
export async function removeTree(path: Name): Promise<void> {
  await using held = await holdOpened(path).catch(ignore('ENOENT', 'ENOTDIR', 'ELOOP'));
  if (held === undefined) return await unlink(path).catch(ignore('ENOENT'));
  for (let look = 0; look < MOST_LOOKS; look += 1)
    if (!(await emptyFolder(held, { top: held, depth: 1 }))) break;
  await rmdir(path).catch(ignore('ENOENT'));
}

type Place = { top: HeldFolder; depth: number };

/** Whether there was anything in it; what has come meanwhile is left for another look. */
async function emptyFolder(folder: HeldFolder, place: Place): Promise<boolean> {
  let some = false;
  const unlinks: Promise<void>[] = [];
  for await (const entry of folder.entries()) {
    some = true;
    const path = folder.at(entry.name);
    if (entry.isDirectory()) await removeFolder(path, place);
    else unlinks.push(unlink(path).catch(ignore('ENOENT', 'EISDIR', 'EPERM')));
    if (unlinks.length >= AT_ONCE) await Promise.all(unlinks.splice(0));
  }
  await Promise.all(unlinks);
  return some;
}

async function removeFolder(path: Buffer, { top, depth }: Place): Promise<void> {
  await using held = await holdOpened(path).catch(ignore('ENOENT', 'ENOTDIR', 'ELOOP'));
  if (held === undefined) return;
  if (depth < DEEPEST) {
    await emptyFolder(held, { top, depth: depth + 1 });
    await rmdir(path).catch(ignore('ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'));
  } else await rename(path, top.at(randomUUID())).catch(ignore('ENOENT'));
}

const ignore =
  (...codes: readonly string[]) =>
  (error: NodeJS.ErrnoException): undefined => {
    if (!codes.includes(error.code ?? '')) throw error;
  };
