import { chmodSync, closeSync, lstatSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { dataPaths } from '../paths.ts';
import type { DataPaths } from '../paths.ts';

/** Nobody but the platform comes by these: instances are given what is theirs, mounted before they give up its rights. */
const CLOSED = ['artifacts', 'caches', 'environments', 'logs', 'runs', 'tools'] as const;
/** A user of the platform's own may pass to one of them that is given to it. */
const PASSED = ['checkouts', 'repositories'] as const;

/**
 * Makes the data directory, and takes from other users of this machine whatever they could read in it. As root they
 * pass through it to the one file that is for all; they cannot list it. What lies deeper is not looked at: nobody
 * comes by what is above.
 */
export function openDataDirectory(root: string): DataPaths {
  const paths = dataPaths(root);
  const passed = process.getuid?.() === 0 ? 0o711 : 0o700;
  makeFolder(root, passed);
  for (const file of [paths.database, paths.leader, paths.log]) {
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
  }
  for (const name of CLOSED) makeFolder(join(root, name), 0o700);
  for (const name of PASSED) {
    makeFolder(join(root, name), passed);
    closeEach(join(root, name));
  }
  return paths;
}

function makeFolder(path: string, mode: number): void {
  mkdirSync(path, { recursive: true, mode });
  chmodSync(path, mode);
}

/** Whoever they are given to keeps what they have of each. */
function closeEach(folder: string): void {
  for (const name of readdirSync(folder)) {
    const { mode } = lstatSync(join(folder, name));
    if ((mode & 0o007) !== 0) chmodSync(join(folder, name), mode & 0o770);
  }
}
