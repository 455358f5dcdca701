import type { CommitFile, CommitFiles } from '../../recipe.ts';
import { readPipfile, readPyproject } from './read-project.ts';
import { readRange } from './version-range.ts';
import type { Range } from './version-range.ts';

/** Which Pythons a file wishes for: in its words, and whether one is among them, or differs in its last digits alone. */
export type Wish = { from: string; said: string; fits: Range; nearly: Range };

type Reader = (said: string, files: CommitFiles) => string | undefined;

/** The strongest first: a file that is there for nothing else, then what a project counts on. */
const READERS: Readonly<Record<string, Reader>> = {
  '.python-version': readVersionFile,
  'runtime.txt': (said) => /^[ \t]*python-(\S+)\s*$/m.exec(said)?.[1],
  '.tool-versions': (said) => /^[ \t]*python[ \t]+(\S+)/m.exec(said)?.[1],
  Pipfile: (_said, files) => {
    const requires = readPipfile(files)?.requires;
    return requires?.python_full_version ?? requires?.python_version;
  },
  'pyproject.toml': (_said, files) => {
    const { project, tool } = readPyproject(files) ?? {};
    return project?.['requires-python'] ?? tool?.poetry?.dependencies?.python;
  },
  'setup.cfg': (said) => /^[ \t]*python_requires\s*=\s*(\S.*)$/m.exec(said)?.[1]?.trim(),
  'setup.py': (said) => /\bpython_requires\s*=\s*(["'])(.*?)\1/.exec(said)?.[2],
  'environment.yml': readConda,
  'environment.yaml': readConda,
};

/** Where the files are that may wish for a Python: one that is there for nothing else may stand above the folder. */
export function wishingFiles(folder: string): string[] {
  const above = folder.split('/').map((_, index) => '../'.repeat(index + 1));
  return [...Object.keys(READERS), ...(folder === '' ? [] : above.map((up) => `${up}${ABOVE}`))];
}

const ABOVE = '.python-version';

/** The nearest. */
function nearest(files: CommitFiles, name: string): [string, CommitFile | undefined] {
  const paths =
    name === ABOVE ? [...files.keys()].filter((path) => path.endsWith(`../${ABOVE}`)) : [];
  const path = [name, ...paths.toSorted((a, b) => a.length - b.length)].find(
    (one) => files.get(one) !== undefined,
  );
  return path === undefined ? [name, undefined] : [path, files.get(path)];
}

/** What the files of a commit wish for, the strongest first, and what in them nobody understands. */
export function versionWishes(files: CommitFiles): { wishes: Wish[]; unread: string[] } {
  const [wishes, unread]: [Wish[], string[]] = [[], []];
  for (const [name, read] of Object.entries(READERS)) {
    const [from, file] = nearest(files, name);
    if (file === undefined) continue;
    const said = file.text === undefined ? undefined : read(file.text, files);
    if (said === undefined) continue;
    const fits = readRange(said);
    if (fits === undefined) unread.push(`${from} asks for ${said}, which is no version of Python`);
    else wishes.push({ from, said, fits, nearly: readRange(minorOf(said)) ?? fits });
  }
  return { wishes, unread };
}

const minorOf = (said: string): string => said.replace(/^=*\s*(\d+\.\d+)\.\d+$/, '$1');

/** As pyenv and uv write it: `3.12`, `3.12.4`, `cpython-3.12`, `cpython@3.12`; the first line that counts does. */
function readVersionFile(said: string): string | undefined {
  const [first] = said
    .split(/\r\n|\r|\n/)
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '');
  const [, named] = /^(?:c?python|cp)[-@]?(\d[\d.]*)/i.exec(first ?? '') ?? [];
  return named ?? first?.replace(/-dev$/, '');
}

/** A line of its list, or a word of it where that is written in brackets. */
function readConda(said: string): string | undefined {
  const [, line, word] =
    /^[ \t]*-[ \t]*["']?python(?![\w.-])([^"'#\n]*)|[[,]\s*["']?python(?![\w.-])([^,\]"'#\n]*)/m.exec(
      said,
    ) ?? [];
  const version = (line ?? word ?? '').trim().replace(/(\d)=[^=].*$/, '$1');
  return version === '' ? undefined : version;
}
