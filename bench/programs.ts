import { existsSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Whether this machine has a program; what it lacks cannot be stood beside. */
export const isThere = (name: string): boolean =>
  FOLDERS.some((folder) => existsSync(join(folder, name)));

/** The command in a sandbox of its own, as one would start it by hand. */
export const bubblewrapped = (command: readonly string[]): string[] => [
  ...'bwrap --unshare-all --die-with-parent --ro-bind / / --proc /proc --dev /dev --'.split(' '),
  ...command,
];
