import { SPACE, trimStart } from './split-flags.ts';

/** An instruction, with the bodies of its here-documents as they stand, their ends included. */
export type Instruction = { keyword: string; rest: string; line: number; body: readonly string[] };

type Directive = { value: string; line: number };

/** What nobody can build, or what not all engines would read as the same. */
export type Mistake = { line: number; detail: string };

export type Split = {
  directives: ReadonlyMap<string, Directive>;
  /** Those before the first mistake. */
  instructions: readonly Instruction[];
  mistake: Mistake | undefined;
};

/**
 * A Dockerfile as its parser directives and its instructions, each with the line where it begins. What some
 * engines would take for the end of an instruction and others would not is a mistake: nobody hides a line so.
 */
export function splitInstructions(
  text: string,
  readsHereDocuments: (directives: Split['directives']) => boolean,
): Split {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const { directives, repeated } = readDirectives(lines);
  const escape = directives.get('escape')?.value === '`' ? '`' : '\\';
  const hereDocuments = readsHereDocuments(directives);
  const instructions: Instruction[] = [];
  const end = (mistake?: Mistake): Split => ({ directives, instructions, mistake });
  if (repeated !== undefined) return end(repeated);
  for (let at = 0; at < lines.length;) {
    const { joined, next, isUnclear } = joinContinued(lines, at, escape);
    const line = at + 1;
    at = next;
    const instruction = readInstruction(joined, line);
    if (instruction === undefined) continue;
    if (isUnclear) return end({ line, detail: unclearEnd(escape) });
    const detail = findFlaw(instruction);
    if (detail !== undefined) return end({ line, detail });
    const body = readBody(lines, at, instruction);
    if (body !== undefined && !hereDocuments) return end({ line, detail: NO_HERE_DOCUMENTS });
    if (typeof body === 'string') return end({ line, detail: body });
    instructions.push({ ...instruction, body: body ?? [] });
    at += body?.length ?? 0;
  }
  return end();
}

const unclearEnd = (escape: string): string =>
  `a line of it ends with ${escape}${escape}, which engines read in different ways. Write it otherwise, in quotes for instance.`;

const NO_HERE_DOCUMENTS =
  'a here-document needs BuildKit, of Docker 23 or newer or with `# syntax=docker/dockerfile:1` on the first line.';

/** The longest line that every engine takes. */
const LONGEST = 65_000;

function findFlaw({ keyword, rest }: Pick<Instruction, 'keyword' | 'rest'>): string | undefined {
  if (!/^[A-Z]+$/.test(keyword)) return `${keyword.slice(0, 50)} is no instruction.`;
  if (Buffer.byteLength(rest) > LONGEST)
    return `the instruction has more than ${LONGEST} bytes. Put what it does in a file, and run that.`;
  return undefined;
}

const KNOWN: ReadonlySet<string> = new Set(['syntax', 'escape', 'check']);

/** `# name=value` on the first lines; they end where anything else begins. */
function readDirectives(lines: readonly string[]) {
  const directives = new Map<string, Directive>();
  let repeated: Mistake | undefined;
  for (const [index, text] of lines.entries()) {
    const [, written, value] = /^#\s*([a-zA-Z]\w*)\s*=\s*(\S.*)$/.exec(text.trim()) ?? [];
    if (written === undefined || value === undefined) break;
    const [name, line] = [written.toLowerCase(), index + 1];
    if (KNOWN.has(name) && directives.has(name))
      repeated ??= { line, detail: `${name} stands here a second time.` };
    directives.set(name, { value: value.trim(), line });
  }
  return { directives, repeated };
}

/** The line at `from` with those that continue it; comments and empty lines between them are left out. */
function joinContinued(
  lines: readonly string[],
  from: number,
  escape: string,
): { joined: string; next: number; isUnclear: boolean } {
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
  const isUnclear = parts.some((part) => part.trimEnd().endsWith(escape));
  return { joined: parts.join(''), next: at + 1, isUnclear };
}

function readInstruction(joined: string, line: number) {
  const text = trimStart(joined).trimEnd();
  if (text === '') return undefined;
  const end = text.search(SPACE);
  const keyword = end === -1 ? text : text.slice(0, end);
  const rest = trimStart(text.slice(keyword.length));
  return { keyword: keyword.toUpperCase(), rest, line };
}

/**
 * The lines of the here-documents that the instruction begins, undefined where it begins none, or what is
 * wrong with them.
 */
function readBody(
  lines: readonly string[],
  from: number,
  { keyword, rest }: Pick<Instruction, 'keyword' | 'rest'>,
): readonly string[] | string | undefined {
  if (
    !(keyword === 'ONBUILD' ? /^(RUN|COPY|ADD)\b/i : /^(RUN|COPY|ADD)$/).test(
      keyword === 'ONBUILD' ? rest : keyword,
    )
  )
    return undefined;
  const documents = hereDocuments(rest);
  if (documents.length === 0) return undefined;
  let at = from;
  for (const { end, stripTabs } of documents) {
    if (!/^[A-Za-z_][\w.]*$/.test(end))
      return `a here-document ends with ${end}: name it by letters.`;
    const isEnd = (line: string): boolean => (stripTabs ? line.replace(/^\t+/, '') : line) === end;
    while (at < lines.length && !isEnd(lines[at] ?? '')) at++;
    if (at === lines.length) return `there is no end of the here-document ${end}.`;
    at++;
  }
  return lines.slice(from, at);
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
