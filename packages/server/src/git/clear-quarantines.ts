import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Application } from '../applications/application.ts';
import type { GitDeps } from './accept-push.ts';
import { placeOf } from './repository.ts';
import { git } from './run-git.ts';

/**
 * Removes what pushes left that were killed, as git does for those that it refuses itself. A push that is under
 * way has its own there: while there is another, nothing is removed.
 */
export async function clearQuarantines(
  { paths, gitLimits: { pushing } }: GitDeps,
  { id }: Application,
): Promise<void> {
  const place = placeOf(paths, id);
  const names = await readdir(join(place.repository, 'objects')).catch(() => []);
  if (pushing.has(id)) return;
  const left = names
    .filter((name) => name.startsWith('tmp_objdir-'))
    .map((name) => `objects/${name}`);
  if (left.length > 0)
    await git(place, ['-rf', '--', ...left], { program: ['rm'] }).catch(() => undefined);
}
