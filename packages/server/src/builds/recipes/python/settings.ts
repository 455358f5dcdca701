import { farthest } from '../../reach.ts';
import type { Reach } from '../../reach.ts';
import type { Dependencies, References, Seen, Variables } from '../../recipe.ts';
import { REACH, placeOf } from './place-of.ts';
import { isTuning } from './tuning-variables.ts';

/** The variables that pip and uv read, and by which they reach an index. */
export const DECIDED_BY = /^(PIP_|UV_|XDG_CONFIG_|NETRC$|SSL_CERT_)|^(HTTPS?|ALL|NO)_PROXY$/i;

/** What names lists and files of settings, and what names other places that something is installed out of. */
const LISTS = /_(CONSTRAINTS?|OVERRIDES?|EXCLUDES?|REQUIREMENTS?|CONFIG_FILE)$/;
const THINGS =
  /^(PIP|UV)_(FIND_LINKS|(EXTRA_)?INDEX_URL|(DEFAULT_)?INDEX)$|^PIPENV_PYPI_MIRROR$|^XDG_CONFIG_/;
/** Nothing is installed out of these, though they may be paths. */
const NO_SOURCE = /CERT|PROXY|NETRC|_CACHE(_DIR)?$|^UV_(INDEX_\w+_(USERNAME|PASSWORD)$|PYTHON)/i;
const OF_INSTALLER = /^(PIP|UV|PIPENV)_/;

/** What the user's variables for the installer draw in. */
export function readVariables(settings: Variables, seen: Seen): References {
  const found = Object.entries(settings).map(([name, value]) => readVariable(name, value, seen));
  return {
    files: found.flatMap(({ files }) => files),
    reach: farthest(found.map(({ reach }) => reach)),
    variables: [],
  };
}

function readVariable(
  name: string,
  value: string,
  seen: Seen,
): Pick<References, 'files' | 'reach'> {
  const words = value.split(/[\s,]+/).filter((word) => word !== '' && word !== '/dev/null');
  if (NO_SOURCE.test(name)) return { files: [], reach: 'packages' };
  if (!LISTS.test(name)) {
    const isKnown = THINGS.test(name) || !OF_INSTALLER.test(name) || isTuning(name);
    if (!isKnown && words.length > 0) return { files: [], reach: 'unknown' };
    const named = words.map((word) => word.replace(/^[\w-]+=/, ''));
    const things = THINGS.test(name) ? named : named.filter(isPath);
    return { files: [], reach: farthest(things.map((one) => reachOf(one, seen))) };
  }
  const whole = words.length > 1 ? [value.trim()] : [];
  const places = [...words, ...whole].map((word) => placeOf(word, seen.folder, seen));
  const files = places.flatMap((place) => (place.is === 'inside' ? place.paths : []));
  const all = places.every((place) => place.is === 'inside');
  return { files, reach: all ? 'packages' : 'unknown' };
}

const isPath = (word: string): boolean => /^(\.{0,2}\/|~|file:)/.test(word);

const reachOf = (value: string, { folder, ...seen }: Seen): Reach =>
  REACH[placeOf(value, folder, seen).is];

/** What uv itself reads in a folder and above it: its indexes may stand there. */
export const UV_SETTINGS: Dependencies['settings'] = [
  { name: 'uv.toml', read: reachOfSettings },
  {
    name: 'pyproject.toml',
    read: (text, seen) => (text.includes('tool.uv') ? reachOfSettings(text, seen) : undefined),
  },
];

const SOURCE =
  /\b(?:find-links|path|url|index-url|extra-index-url)\s*=\s*(\[[^\]]*\]|"[^"\n]*"|'[^'\n]*')/g;
/** `name @ place` of a requirement. */
const BEFORE_PLACE = /^[\w.-]+(?:\[[^\]]*\])?\s*@\s*/;
const STRING = /"([^"\n]*)"|'([^'\n]*)'/g;

/** Members of a workspace are found by its folders. Without its cache, uv does not tell whether it built anything. */
function reachOfSettings(text: string, seen: Seen): Reach {
  const strings = (part: string): string[] =>
    [...part.matchAll(STRING)].map(([, double, single]) =>
      (double ?? single ?? '').replace(BEFORE_PLACE, ''),
    );
  const sources = [...text.matchAll(SOURCE)].flatMap(([, value = '']) => strings(value));
  const named = [...sources, ...strings(text).filter(isPath)];
  const told = /\bno-cache\b|\bworkspace\s*=\s*true\b/.test(text) ? 'tree' : 'packages';
  return farthest([told, ...named.map((one) => reachOf(one, seen))]);
}
