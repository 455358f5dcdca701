import { lutimes, mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { holdOpened } from '../lib/held-folder.ts';

/**
 * Whether it is there; from now on it is used, though no row says so yet. What nothing on record uses
 * is swept away an hour after it was taken, but never before the builds that were under way then are over.
 */
export async function take(clock: Clock, path: string): Promise<boolean> {
  const now = clock() / 1000;
  try {
    await lutimes(path, now, now);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Whether it is old, and to be swept away, is not for its steps to say; nor whether its own user may move it. */
export async function putAway(
  clock: Clock,
  { made, sealed }: { made: string; sealed: string },
): Promise<void> {
  await mkdir(dirname(sealed), { recursive: true, mode: 0o700 });
  await using held = await holdOpened(made);
  await take(clock, held.path);
  await rename(made, sealed);
}
