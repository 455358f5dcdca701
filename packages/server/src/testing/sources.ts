import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export type Source = { path: string; text: string; imports: string[] };

export const withoutComments = (text: string): string =>
  text.replaceAll(/^\s*(\/\*|\*|\/\/).*$/gm, '');

/** The files of a package that are no tests, without their comments. */
export function readSources(folder: string): Source[] {
  const root = join(import.meta.dirname, '..', '..', '..', folder, 'src');
  return globSync('**/*.ts', { cwd: root })
    .filter((path) => !path.endsWith('.test.ts'))
    .toSorted()
    .map((path) => {
      const text = withoutComments(readFileSync(join(root, path), 'utf8'));
      const found = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)];
      return { path, text, imports: found.map(([, specifier = '']) => specifier) };
    });
}

/** A file that is in none is one by itself. */
export const folderOf = (path: string): string => path.split('/')[0] ?? path;

/** Imports inside the server, as paths from its `src`. */
export const arrows = (sources: readonly Source[]): { from: string; to: string }[] =>
  sources.flatMap(({ path, imports }) =>
    imports
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => ({ from: path, to: normalize(join(dirname(path), specifier)) })),
  );
