export type Instruction = { keyword: string; rest: string; line: number };

export type Directive = { value: string; line: number };

/** A Dockerfile as its parser directives and its instructions, each with the line where it begins. */
export function splitInstructions(text: string): {
  directives: ReadonlyMap<string, Directive>;
  instructions: readonly Instruction[];
} {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const directives = readDirectives(lines);
  const escape = directives.get('escape')?.value === '`' ? '`' : '\\';
  const instructions: Instruction[] = [];
  for (let at = 0; at < lines.length;) {
    const { joined, next } = joinContinued(lines, at, escape);
    const instruction = readInstruction(joined, at + 1);
    at = next;
    if (instruction === undefined) continue;
    instructions.push(instruction);
    if (TAKES_HERE_DOCUMENTS.has(instruction.keyword))
      at = skipHereDocuments(lines, at, instruction.rest);
  }
  return { directives, instructions };
}

const TAKES_HERE_DOCUMENTS: ReadonlySet<string> = new Set(['RUN', 'COPY', 'ADD']);

/** `# name=value` on the first lines; they end where anything else begins. */
function readDirectives(lines: readonly string[]): Map<string, Directive> {
  const found = new Map<string, Directive>();
  for (const [index, text] of lines.entries()) {
    const [, name, value] = /^#\s*([a-zA-Z]\w*)\s*=\s*(\S.*)$/.exec(text.trim()) ?? [];
    if (name === undefined || value === undefined) break;
    found.set(name.toLowerCase(), { value: value.trim(), line: index + 1 });
  }
  return found;
}

/** The line at `from` with those that continue it; comments and empty lines between them are left out. */
function joinContinued(
  lines: readonly string[],
  from: number,
  escape: string,
): { joined: string; next: number } {
  const parts: string[] = [];
  let at = from;
  for (; at < lines.length; at++) {
    const text = lines[at] ?? '';
    const trimmed = text.trim();
    if (parts.length === 0 && (trimmed === '' || trimmed.startsWith('#'))) break;
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const body = text.trimEnd();
    if (!body.endsWith(escape)) {
      parts.push(text);
      break;
    }
    parts.push(body.slice(0, -1));
  }
  return { joined: parts.join(''), next: at + 1 };
}

function readInstruction(joined: string, line: number): Instruction | undefined {
  const text = joined.trim();
  if (text === '') return undefined;
  const end = text.search(/\s/);
  const keyword = end === -1 ? text : text.slice(0, end);
  return { keyword: keyword.toUpperCase(), rest: text.slice(keyword.length).trim(), line };
}

/** The first line behind the bodies of the here-documents that the instruction begins. */
function skipHereDocuments(lines: readonly string[], from: number, rest: string): number {
  let at = from;
  for (const { end, stripTabs } of hereDocuments(rest)) {
    const isEnd = (line: string): boolean => (stripTabs ? line.replace(/^\t+/, '') : line) === end;
    while (at < lines.length && !isEnd(lines[at] ?? '')) at++;
    at++;
  }
  return at;
}

function hereDocuments(rest: string): { end: string; stripTabs: boolean }[] {
  if (!rest.includes('<<')) return [];
  return shellWords(rest).flatMap((word) => {
    const [, dash, end] = /^\d*<<(-?)([^<]+)$/.exec(word) ?? [];
    if (end === undefined) return [];
    return [{ end: end.replaceAll(/["']/g, ''), stripTabs: dash === '-' }];
  });
}

/** Words as a shell splits them, with their quotes. */
function shellWords(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (const character of text) {
    if (quote === '' && /\s/.test(character)) {
      if (word !== '') words.push(word);
      word = '';
      continue;
    }
    if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    word += character;
  }
  return word === '' ? words : [...words, word];
}
