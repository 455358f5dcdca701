import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { readBeneath } from '../../../lib/resolve-beneath.ts';
import { archiveFolder } from './context-archive.ts';
import { readIgnore } from '../dockerfile/dockerignore.ts';

const LONGEST = 1024 ** 2;

/**
 * A small text file inside the folder, or undefined where there is none. A link that leads out of the
 * folder leads nowhere: it would show a file of the machine.
 */
export const readInside = async (folder: string, path: string): Promise<string | undefined> =>
  (await readBeneath(folder, path, LONGEST))?.toString('utf8');

/** The folder as builders get it: without what `.dockerignore` leaves out, but with the Dockerfile, of this text. */
export async function archiveContext(
  context: string,
  { path, text }: { path: string; text: string },
): Promise<Readable> {
  const rules =
    (await readInside(context, `${path}.dockerignore`)) ??
    (await readInside(context, '.dockerignore'));
  return archiveFolder(context, {
    ignore: rules === undefined ? undefined : readIgnore(rules),
    always: ['.dockerignore'],
    instead: { path: posix.normalize(path), text },
  });
}
