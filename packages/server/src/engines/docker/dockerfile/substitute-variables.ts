export type Variables = Readonly<Record<string, string>>;

/**
 * Puts values in the place of `$name`, `${name}`, `${name:-default}`, `${name-default}`,
 * `${name:+instead}` and `${name+instead}`, and takes quotes and escapes away. What has no value becomes
 * nothing, as it does at the engine.
 */
export function substitute(
  text: string,
  valueOf: (name: string) => string | undefined,
  escape = '\\',
): string {
  let out = '';
  let quote = '';
  for (let at = 0; at < text.length;) {
    const character = text[at] ?? '';
    if (character === escape && quote !== "'") {
      out += text[at + 1] ?? '';
      at += 2;
    } else if (character === '$' && quote !== "'") {
      const { value, next } = readVariable(text, at, valueOf, escape);
      out += value;
      at = next;
    } else {
      if (character === quote) quote = '';
      else if (quote === '' && (character === '"' || character === "'")) quote = character;
      else out += character;
      at++;
    }
  }
  return out;
}

/** Whether `substitute` knows all that is asked for: other signs mean other things to newer engines. */
export const knowsSubstitution = (text: string): boolean => !/\$\{\w+:?[^-+:}\w]/.test(text);

type ValueOf = (name: string) => string | undefined;

function readVariable(
  text: string,
  at: number,
  valueOf: ValueOf,
  escape: string,
): { value: string; next: number } {
  if (text[at + 1] !== '{') {
    const name = nameAt(text, at + 1);
    return name === ''
      ? { value: '$', next: at + 1 }
      : { value: valueOf(name) ?? '', next: at + 1 + name.length };
  }
  const end = closingBrace(text, at + 1);
  const inside = text.slice(at + 2, end);
  const name = nameAt(inside, 0);
  return { value: choose(inside, name, valueOf, escape), next: end + 1 };
}

function choose(inside: string, name: string, valueOf: ValueOf, escape: string): string {
  const value = valueOf(name);
  const [, colon = '', sign, word = ''] = /^(:?)([-+])(.*)$/s.exec(inside.slice(name.length)) ?? [];
  const isSet = colon === ':' ? value !== undefined && value !== '' : value !== undefined;
  if (sign === '-' && !isSet) return substitute(word, valueOf, escape);
  if (sign === '+') return isSet ? substitute(word, valueOf, escape) : '';
  return value ?? '';
}

function nameAt(text: string, at: number): string {
  const name = /[a-zA-Z_]\w*/y;
  name.lastIndex = at;
  return name.exec(text)?.[0] ?? '';
}

/** Where the brace that opens at `at` closes, or the end of the text. */
function closingBrace(text: string, at: number): number {
  let depth = 0;
  for (let index = at; index < text.length; index++) {
    if (text[index] === '{') depth++;
    if (text[index] === '}' && --depth === 0) return index;
  }
  return text.length;
}
