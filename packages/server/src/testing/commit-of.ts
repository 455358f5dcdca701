import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildDeps } from '../builds/advance-build.ts';

/** A commit that has these files at its root and refers to nothing, as a builder is given it. */
export const commitOf = (
  files: Readonly<Record<string, string>>,
): Pick<BuildDeps, 'checkout' | 'readCommit'> => ({
  async checkout({ into }) {
    for (const [name, text] of Object.entries(files)) await writeFile(join(into, name), text);
    return { modules: [], contents: false };
  },
  readCommit: async (_, wanted) => ({
    treeId: JSON.stringify(files),
    files: new Map(
      wanted
        .filter(({ path }) => files[path] !== undefined)
        .map(({ path }) => [path, { text: files[path] }]),
    ),
  }),
});
