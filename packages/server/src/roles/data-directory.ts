import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { dataPaths } from '../paths.ts';
import type { DataPaths } from '../paths.ts';

/**
 * Makes the data directory, and takes from other users of this machine whatever they could read in it.
 * As root the applications' own users pass through it to their files; they cannot list it.
 */
export function openDataDirectory(root: string): DataPaths {
  const paths = dataPaths(root);
  mkdirSync(root, { recursive: true });
  chmodSync(root, process.getuid?.() === 0 ? 0o711 : 0o700);
  for (const file of [paths.database, paths.leader, paths.log]) {
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
  }
  const logs = join(root, 'logs');
  mkdirSync(logs, { recursive: true });
  chmodSync(logs, 0o700);
  return paths;
}
