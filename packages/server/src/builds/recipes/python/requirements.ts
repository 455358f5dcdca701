import { posix } from 'node:path';
import type { References } from '../../recipe.ts';

/** Reads the lines of a requirements file at `path`, as pip does (its "Requirements File Format"). */
export function readReferences(path: string, text: string): References {
  const lines = text
    .replaceAll(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s+)#.*$/, '').trim())
    .filter((line) => line !== '');
  const found = lines.map(readLine);
  return {
    files: found
      .flatMap(({ file }) => file ?? [])
      .filter((file) => !file.includes('://'))
      .map((file) => posix.join(posix.dirname(path), file)),
    local: found.some(({ local }) => local === true),
    variables: [...text.matchAll(/\$\{([A-Z0-9_]+)\}/g)].map(([, name = '']) => name),
  };
}

const OPTION =
  /^(?:(-r|-c|-e|-f)\s*=?\s*|(--requirement|--constraint|--editable|--find-links)(?:\s+|\s*=\s*))(\S+)/;
const NAMES_FILE = new Set(['-r', '-c', '--requirement', '--constraint']);

function readLine(line: string): { file?: string; local?: boolean } {
  const [, short, long, value = ''] = OPTION.exec(line) ?? [];
  const option = short ?? long;
  if (option === undefined) return { local: !line.startsWith('-') && isLocal(line) };
  return NAMES_FILE.has(option) ? { file: value } : { local: isPath(value) };
}

const isPath = (value: string): boolean => value.startsWith('file:') || !value.includes('://');

const ARCHIVE = /\.(whl|zip|tar\.gz|tgz|tar\.bz2|tar\.xz)(\[|$)/;

/** `./here`, `libs/here`, `here.whl`, `name @ file:///…` and uv's `name @ ./here`; no address. */
function isLocal(line: string): boolean {
  const at = line.indexOf('@');
  if (at !== -1) return isPath(line.slice(at + 1).trimStart());
  const [first = ''] = line.split(/[\s;]/);
  return isPath(first) && (/^file:|^\.|\//.test(first) || ARCHIVE.test(first));
}
