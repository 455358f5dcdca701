/**
 * What a `.dockerignore` leaves out, by Docker's rules: `*` and `?` within a name, `**` across folders,
 * `[…]`, `!` takes back, the last line that matches decides. A path is decided with the verdict on its
 * folder, which holds for everything in it. Patterns are matched in one pass without going back: a
 * user's pattern cannot keep the platform busy.
 */
export type Ignore = {
  decide(path: string, folder?: Verdict): Verdict;
  /** Whether something in an ignored folder may be taken back. */
  takesBack: boolean;
};

export type Verdict = { ignored: boolean; matched: readonly boolean[] };

export function readIgnore(text: string): Ignore {
  const rules = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap(readRule);
  return {
    takesBack: rules.some(({ negative }) => negative),
    decide(path, folder) {
      const matched = rules.map(
        ({ tokens }, index) => folder?.matched[index] === true || matches(tokens, path),
      );
      const last = rules[matched.lastIndexOf(true)];
      return { ignored: last !== undefined && !last.negative, matched };
    },
  };
}

type Rule = { negative: boolean; tokens: readonly Token[] };

/** What a place in a pattern accepts: one character, or any number of them. */
type Token = { accepts: (character: string) => boolean; repeats: boolean };

function readRule(line: string): Rule[] {
  const trimmed = line.startsWith('#') ? '' : line.trim();
  const negative = trimmed.startsWith('!');
  const pattern = clean(negative ? trimmed.slice(1).trim() : trimmed);
  return pattern === '' ? [] : [{ negative, tokens: readPattern(pattern) }];
}

/** Without what changes nothing: `./`, `//`, a slash at either end. `..` cannot leave the folder. */
function clean(pattern: string): string {
  const kept: string[] = [];
  for (const name of pattern.split('/')) {
    if (name === '..') kept.pop();
    else if (name !== '' && name !== '.') kept.push(name);
  }
  return kept.join('/');
}

const isAnything = (): boolean => true;
const isInName = (character: string): boolean => character !== '/';

function readPattern(pattern: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length;) {
    const { token, next } = readToken(pattern, at);
    tokens.push(token);
    at = next;
  }
  return tokens;
}

function readToken(pattern: string, at: number): { token: Token; next: number } {
  const character = pattern[at] ?? '';
  if (pattern.startsWith('**', at)) {
    const next = at + (pattern[at + 2] === '/' ? 3 : 2);
    return { token: next < pattern.length ? FOLDERS : ANYTHING, next };
  }
  if (character === '*') return { token: { accepts: isInName, repeats: true }, next: at + 1 };
  if (character === '?') return { token: { accepts: isInName, repeats: false }, next: at + 1 };
  if (character === '[') return readClass(pattern, at);
  const escaped = character === '\\' && at + 1 < pattern.length;
  const literal = escaped ? (pattern[at + 1] ?? '') : character;
  return {
    token: { accepts: (one) => one === literal, repeats: false },
    next: at + (escaped ? 2 : 1),
  };
}

const ANYTHING: Token = { accepts: isAnything, repeats: true };

/** Any number of whole folders: it ends behind a slash. */
const FOLDERS: Token = { accepts: isAnything, repeats: true };

/** `[a-z]`, `[^a-z]`; a bracket that nothing closes is a bracket. */
function readClass(pattern: string, at: number): { token: Token; next: number } {
  const end = pattern.indexOf(']', at + 2);
  if (end === -1) return { token: { accepts: (one) => one === '[', repeats: false }, next: at + 1 };
  const inverted = pattern[at + 1] === '^';
  const members = pattern.slice(at + (inverted ? 2 : 1), end);
  const isMember = (one: string): boolean => inClass(members, one);
  const accepts = (one: string): boolean => one !== '/' && isMember(one) !== inverted;
  return { token: { accepts, repeats: false }, next: end + 1 };
}

function inClass(members: string, character: string): boolean {
  for (let at = 0; at < members.length; at++) {
    if (members[at + 1] === '-' && at + 2 < members.length) {
      if ((members[at] ?? '') <= character && character <= (members[at + 2] ?? '')) return true;
      at += 2;
    } else if (members[at] === character) return true;
  }
  return false;
}

/** Holds all places of the pattern where the path may be so far, and moves them on together. */
function matches(tokens: readonly Token[], path: string): boolean {
  let places = new Set<number>();
  reach(tokens, places, 0);
  for (const character of path) {
    const next = new Set<number>();
    for (const place of places) {
      const token = tokens[place];
      if (token === undefined || !token.accepts(character)) continue;
      if (!token.repeats) reach(tokens, next, place + 1);
      else if (token === FOLDERS && character !== '/') next.add(place);
      else reach(tokens, next, place);
    }
    places = next;
    if (places.size === 0) return false;
  }
  return places.has(tokens.length);
}

/** Adds a place, and those behind what may stand for nothing. */
function reach(tokens: readonly Token[], places: Set<number>, place: number): void {
  let at = place;
  while (tokens[at]?.repeats === true) places.add(at++);
  places.add(at);
}
