import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a router is made of: an update of any of these is another program, whatever its version says. */
const SOURCES = ['routing/*.ts', 'lib/*.ts', 'roles/router.ts'];

/** Names the sources below this folder that a router runs. */
export function digestProgram(root: string): string {
  const hash = createHash('sha256');
  const paths = SOURCES.flatMap((pattern) => globSync(pattern, { cwd: root }));
  for (const path of paths.filter((one) => !one.endsWith('.test.ts')).toSorted())
    hash.update(`${path}\0`).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}
