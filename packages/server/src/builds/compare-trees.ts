import { lstat, readlink } from 'node:fs/promises';
import { TooDeep, holdFolder, undefinedIfNone } from '../lib/held-folder.ts';
import type { HeldFolder } from '../lib/held-folder.ts';

/**
 * Whether somebody worked on a copy that was made with its times. What Python compiles for itself is no work, and
 * folders that cannot be looked into are. A copy with nothing in it was not made.
 */
export async function differs(copy: string, original: string): Promise<boolean> {
  await using made = await holdFolder(original);
  try {
    await using changed = await holdFolder(copy);
    return !(await isEmpty(changed)) && !(await same(changed, made));
  } catch (error) {
    if (error instanceof TooDeep || (error as NodeJS.ErrnoException).code === 'EACCES') return true;
    throw error;
  }
}

const COMPILED = '__pycache__';

async function isEmpty(folder: HeldFolder): Promise<boolean> {
  for await (const _ of folder.entries()) return false;
  return true;
}

async function same(copy: HeldFolder, original: HeldFolder): Promise<boolean> {
  let left = 0;
  for await (const { name } of original.entries()) if (name.toString() !== COMPILED) left += 1;
  for await (const { name } of copy.entries()) {
    if (name.toString() === COMPILED) continue;
    left -= 1;
    if (left < 0 || !(await sameAt(copy, original, name))) return false;
  }
  return left === 0;
}

async function sameAt(copy: HeldFolder, original: HeldFolder, name: Buffer): Promise<boolean> {
  const [a, b] = await Promise.all(
    [copy, original].map((folder) => lstat(folder.at(name)).catch(undefinedIfNone)),
  );
  if (a === undefined || b === undefined || a.mode !== b.mode) return false;
  if (a.isDirectory()) {
    await using inner = await copy.enter(name);
    await using beside = await original.enter(name);
    return inner !== undefined && beside !== undefined && (await same(inner, beside));
  }
  if (a.isSymbolicLink()) {
    const [to, before] = await Promise.all(
      [copy, original].map((folder) => readlink(folder.at(name), 'buffer')),
    );
    return to !== undefined && before !== undefined && to.equals(before);
  }
  return a.size === b.size && Math.abs(a.mtimeMs - b.mtimeMs) < 1;
}
