import { shellWords } from './shell-words.ts';

/** What a line names: another list, something to install or to look into, or what nobody can tell. */
export type Named = { is: 'list' | 'thing' | 'unreadable'; value: string };

type Kind = 'list' | 'thing' | 'word' | 'flag';

/** The options that a line may have. */
const LONG: Readonly<Record<string, Kind>> = {
  requirement: 'list',
  constraint: 'list',
  editable: 'thing',
  'find-links': 'thing',
  'index-url': 'thing',
  'pypi-url': 'thing',
  'extra-index-url': 'thing',
  'no-binary': 'word',
  'only-binary': 'word',
  'trusted-host': 'word',
  'use-feature': 'word',
  hash: 'word',
  'global-option': 'word',
  'install-option': 'word',
  'config-setting': 'word',
  'config-settings': 'word',
  'no-index': 'flag',
  'require-hashes': 'flag',
  'prefer-binary': 'flag',
  pre: 'flag',
};
const SHORT: Readonly<Record<string, Kind>> = {
  r: 'list',
  c: 'list',
  e: 'thing',
  f: 'thing',
  i: 'thing',
  C: 'word',
};

const UNREADABLE: Named = { is: 'unreadable', value: '' };

/** What the options of a line name: by words, of which pip takes one, and with all that follows, as uv does. */
export function readOptions(line: string): Named[] {
  const words = shellWords(line);
  return [...(words === undefined ? [UNREADABLE] : readWords(words)), ...readWhole(line)];
}

function readWords(words: readonly string[]): Named[] {
  const named: Named[] = [];
  const left = [...words];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    if (!word.startsWith('-')) continue;
    const { kinds, inline } = optionOf(word);
    if (kinds.length === 0) return [...named, UNREADABLE];
    if (kinds.every((kind) => kind === 'flag')) continue;
    const value = inline ?? left.shift();
    if (value === undefined) return [...named, UNREADABLE];
    for (const is of kinds) if (is === 'list' || is === 'thing') named.push({ is, value });
  }
  return named;
}

/** Long options may be shortened; what comes behind a short one may follow at once. */
function optionOf(word: string): { kinds: Kind[]; inline: string | undefined } {
  const [, long, inline] = /^--([\w-]+)(?:=([^]*))?$/.exec(word) ?? [];
  if (long !== undefined) {
    const matching = Object.keys(LONG).filter((name) => name.startsWith(long));
    const names = Object.hasOwn(LONG, long) ? [long] : matching;
    return { kinds: names.flatMap((name) => LONG[name] ?? []), inline };
  }
  const [, letter = '', rest = ''] = /^-(\w)=?([^]*)$/.exec(word) ?? [];
  return {
    kinds: Object.hasOwn(SHORT, letter) ? [SHORT[letter] ?? 'flag'] : [],
    inline: rest || undefined,
  };
}

const WHOLE = /(?<!\S)(?=(?:-([rcefi])|--([a-z-]+))(?:=|\s+)([^]+)$)/g;

/** To the end of the line, with or without its quotes, and to the first `#`; also behind a flag. */
const readWhole = (line: string): Named[] =>
  [...line.matchAll(WHOLE)].flatMap(([, letter = '', long = '', value = '']) => {
    const is = SHORT[letter] ?? LONG[long];
    if (is !== 'list' && is !== 'thing') return [];
    const [cut = ''] = value.split('#');
    const unquoted = [value, cut].map((one) => shellWords(one)?.join(' ') ?? one.trim());
    const values = is === 'list' ? [value, cut.trim(), ...unquoted] : unquoted;
    return [...new Set(values)].map((one) => ({ is, value: one }));
  });
