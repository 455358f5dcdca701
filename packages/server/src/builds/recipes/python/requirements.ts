import { posix } from 'node:path';
import { farthest } from '../../reach.ts';
import type { ListFile, References, Seen } from '../../recipe.ts';
import { decodeList } from './decode-list.ts';
import { readOptions } from './list-options.ts';
import type { Named } from './list-options.ts';
import { REACH, placeOf } from './place-of.ts';

const NOTHING: References = { files: [], reach: 'packages', variables: [] };
const UNKNOWN: References = { ...NOTHING, reach: 'unknown' };

/**
 * What a requirements file names, as pip or uv may read it: where they differ, both. What is not known for sure to be
 * a package of an index counts as something of the tree, and a list that cannot be found out as unknown.
 */
export function readReferences({ path, bytes }: ListFile, seen: Seen): References {
  const texts = decodeList(bytes);
  if (texts.length === 0) return UNKNOWN;
  if (/\.(toml|cfg|conf|ini|py)$/.test(path)) return readSettings(texts[0] ?? '');
  return join(texts.flatMap((text) => readText(text, { from: posix.dirname(path), seen })));
}

/** Such a file has no lines of that kind; all that it may name stands in the tree, but for lists. */
const readSettings = (text: string): References =>
  /(constraint|requirement|override|exclude)\S*\s*[=:]\s*["'[]*\S*:\/\//.test(text)
    ? UNKNOWN
    : { ...NOTHING, reach: 'tree' };

const join = (parts: readonly References[]): References => ({
  files: [...new Set(parts.flatMap(({ files }) => files))],
  reach: farthest(parts.map(({ reach }) => reach)),
  variables: [...new Set(parts.flatMap(({ variables }) => variables))],
});

/** A folder from which lists are named, and what the installer sees. */
type Stand = { from: string; seen: Seen };

/** Among them are ends of lines for pip that are none for uv. */
const ODD = /[^\P{Cc}\t\r\n]|[\u2028\u2029]/u;

const readText = (text: string, stand: Stand): References[] => [
  ...(ODD.test(text) ? [UNKNOWN] : []),
  ...logicalLines(text).map((line) => readLine(line, stand)),
];

/** Continued lines in both ways: pip leaves nothing between the parts, uv a gap. Comments end what is continued. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let parts: string[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    const isComment = /^\s*#/.test(line);
    const isContinued = line.endsWith('\\') && !isComment;
    parts.push(isContinued ? line.slice(0, -1) : isComment ? '' : line);
    if (isContinued) continue;
    lines.push(...new Set([parts.join(''), parts.join(' ')]));
    parts = [];
  }
  lines.push(parts.join(''), parts.join(' '));
  return lines.map((line) => line.replace(/(^|\s+)#.*$/, '').trim()).filter((line) => line !== '');
}

function readLine(line: string, stand: Stand): References {
  const { seen } = stand;
  const names = [...line.matchAll(VARIABLE)].map(([, name = '']) => name);
  const known = names.every((name) => (valueOf(name, seen) ?? '') !== '');
  const written = namedIn(line).map((one) => ({ ...one, value: expand(one.value, seen) }));
  const found = [...namedIn(expand(line, seen)), ...written].map((one) => readNamed(one, stand));
  return join([{ ...NOTHING, variables: names }, ...(known ? [] : [UNKNOWN]), ...found]);
}

const namedIn = (line: string): Named[] =>
  line.startsWith('-') ? readOptions(line) : readRequirement(line);

function readNamed({ is, value }: Named, { from, seen }: Stand): References {
  if (is === 'unreadable') return UNKNOWN;
  const place = placeOf(value, is === 'list' ? from : seen.folder, seen);
  if (is === 'thing') return { ...NOTHING, reach: REACH[place.is] };
  if (place.is !== 'inside') return UNKNOWN;
  return { ...NOTHING, files: place.paths };
}

const VARIABLE = /\$\{([A-Z0-9_]+)\}/g;

const expand = (text: string, seen: Seen): string =>
  text.replaceAll(VARIABLE, (whole, name: string) => valueOf(name, seen) || whole);

/** For uv the project is where it works. */
const valueOf = (name: string, { variables, home, folder }: Seen): string | undefined =>
  variables[name] ?? (name === 'PROJECT_ROOT' ? posix.join(home, folder) : undefined);

const NAME = /^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*([^]*)$/;
const ARCHIVE = /\.(whl|zip|egg|tar|tgz|tbz|txz|tlz|tar\.(gz|bz2|xz|lz|lzma|zst))$/i;

/** A package of an index is a name, and what may come behind one; all else is something that stands somewhere. */
function readRequirement(line: string): Named[] {
  const [head = ''] = line.split(/\s-/);
  const [, name = '', rest = head] = NAME.exec(head) ?? [];
  if (rest.startsWith('@')) return [thing(rest.slice(1).trimStart())];
  const isPackage = name !== '' && /^($|[<>=!~;(])/.test(rest);
  return isPackage && !ARCHIVE.test(name) ? [] : [thing(head)];
}

const thing = (text: string): Named => ({ is: 'thing', value: text.split(/[\s;]/)[0] ?? '' });
