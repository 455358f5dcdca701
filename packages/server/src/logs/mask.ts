/** A longer line is let go in pieces, though more of it comes. */
const LONGEST_LINE = 64 * 1024;
const SHORTEST_SECRET = 8;
const NEWLINE = 10;
const STARS = Buffer.from('***');

/** Replaces secrets by *** in a stream that comes in pieces. */
export type Mask = {
  /** What can be let go, secrets hidden: whole lines, and of a long one all but its end. */
  feed(bytes: Buffer): Buffer;
  /** How many of the bytes that were fed are held back. */
  held(): number;
  /** What is held back, secrets hidden; nothing is held afterwards. */
  release(): Buffer;
};

/** What is hidden of some values: those of several lines line by line, as output has them. */
export const secretsIn = (values: readonly string[]): readonly Buffer[] =>
  [...new Set(values.flatMap((value) => value.split(/\r\n|\r|\n/)))]
    .map((line) => Buffer.from(line))
    .filter(({ length }) => length >= SHORTEST_SECRET);

/**
 * What it lets go, and in which pieces, follows from the bytes alone that came since it last held
 * nothing: whoever feeds again what was held is given the same again.
 */
export function createMask(secrets: readonly Buffer[]): Mask {
  const keep = Math.max(0, ...secrets.map(({ length }) => length - 1));
  const most = Math.max(LONGEST_LINE, keep);
  let rest: Buffer = Buffer.alloc(0);
  return {
    feed(bytes) {
      const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      const line = all.lastIndexOf(NEWLINE) + 1;
      const end = all.length - line > most ? cutBefore(secrets, all, all.length - keep) : line;
      rest = Buffer.from(all.subarray(end));
      return hide(secrets, all.subarray(0, end));
    },
    held: () => rest.length,
    release() {
      const last = hide(secrets, rest);
      rest = Buffer.alloc(0);
      return last;
    },
  };
}

type Span = { start: number; end: number };

/** Where secrets are; those that overlap are one. */
function findSecrets(secrets: readonly Buffer[], bytes: Buffer): Span[] {
  const found: Span[] = [];
  for (const secret of secrets)
    for (let at = bytes.indexOf(secret); at !== -1; at = bytes.indexOf(secret, at + 1))
      found.push({ start: at, end: at + secret.length });
  const spans: Span[] = [];
  for (const span of found.toSorted((a, b) => a.start - b.start)) {
    const last = spans.at(-1);
    if (last !== undefined && span.start < last.end) last.end = Math.max(last.end, span.end);
    else spans.push(span);
  }
  return spans;
}

/** The place, or the end of the secret that is there. */
const cutBefore = (secrets: readonly Buffer[], bytes: Buffer, place: number): number =>
  findSecrets(secrets, bytes).find(({ start, end }) => start < place && end > place)?.end ?? place;

function hide(secrets: readonly Buffer[], bytes: Buffer): Buffer {
  const spans = findSecrets(secrets, bytes);
  if (spans.length === 0) return bytes;
  const kept = spans.map(({ start }, index) => bytes.subarray(spans[index - 1]?.end ?? 0, start));
  const parts = kept.flatMap((part) => [part, STARS]);
  return Buffer.concat([...parts, bytes.subarray(spans.at(-1)?.end)]);
}
