import { readFile, realpath, stat } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { archiveFolder } from './context-archive.ts';
import { readIgnore } from './dockerignore.ts';

const LONGEST = 1024 ** 2;

/**
 * A small text file inside the folder, or undefined where there is none. A link that leads out of the
 * folder leads nowhere: it would show a file of the machine.
 */
export async function readInside(folder: string, path: string): Promise<string | undefined> {
  try {
    const root = await realpath(folder);
    const file = await realpath(join(root, path));
    if (!file.startsWith(`${root}${sep}`)) return undefined;
    const { size } = await stat(file);
    return size > LONGEST ? undefined : await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && NOT_THERE.has(error.code)) return undefined;
    throw error;
  }
}

const NOT_THERE: ReadonlySet<unknown> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'ELOOP',
  'ERR_INVALID_ARG_VALUE',
]);

/** The folder as builders get it: without what `.dockerignore` leaves out, but with the Dockerfile. */
export async function archiveContext(context: string, dockerfile: string): Promise<Readable> {
  const rules =
    (await readInside(context, `${dockerfile}.dockerignore`)) ??
    (await readInside(context, '.dockerignore'));
  const always = [posix.normalize(dockerfile), '.dockerignore'];
  return archiveFolder(context, {
    ignore: rules === undefined ? undefined : readIgnore(rules),
    always,
  });
}
