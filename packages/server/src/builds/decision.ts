import { readFile, rename, writeFile } from 'node:fs/promises';

/** What a build decided once, in a file beside its tree, where no step comes; undefined while it is not decided. */
export const readDecision = <T>(path: string): Promise<T | undefined> =>
  readFile(path, 'utf8').then(
    (text) => JSON.parse(text) as T,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return undefined;
    },
  );

/** From now on it counts, also for whoever carries on after a crash. */
export async function writeDecision(path: string, decided: object): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(decided));
  await rename(`${path}.new`, path);
}
