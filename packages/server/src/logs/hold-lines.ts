/** A longer line is let go in pieces, though more of it comes. */
const LONGEST_LINE = 64 * 1024;
const SHORTEST_SECRET = 8;
/** Of a line that has not ended no more is shown. */
const MOST_SHOWN = 4096;
const [NEWLINE, RETURN] = [0x0a, 0x0d];
const STARS = Buffer.from('***');

/** Holds what is not over yet of a stream that comes in pieces; secrets are replaced by ***. */
export type LineHold = {
  /** What can be let go: whole lines in their last state, and of a long one all but its end. */
  feed(bytes: Buffer): Buffer;
  /** How many of the bytes that were fed are held: those behind them were let go, or taken back. */
  held(): number;
  /** What is held, as a line that has ended; nothing is held afterwards. */
  release(): Buffer;
  /** The line that has not ended as it is now, without what may be the beginning of a secret. */
  state(): Buffer;
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
export function holdLines(secrets: readonly Buffer[]): LineHold {
  const keep = Math.max(0, ...secrets.map(({ length }) => length - 1));
  const most = Math.max(LONGEST_LINE, keep);
  let rest: Buffer = Buffer.alloc(0);
  return {
    feed(bytes) {
      const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      const end = all.lastIndexOf(NEWLINE) + 1;
      const whole = inLastStates(all.subarray(0, end));
      const last = fromLastReturn(all.subarray(end));
      const cut = last.length > most ? cutBefore(secrets, last, last.length - keep) : 0;
      rest = Buffer.from(last.subarray(cut));
      return hide(secrets, cut === 0 ? whole : Buffer.concat([whole, last.subarray(0, cut)]));
    },
    held: () => rest.length,
    release() {
      const last = rest.length === 0 ? [] : [hide(secrets, rest), Buffer.of(NEWLINE)];
      rest = Buffer.alloc(0);
      return Buffer.concat(last);
    },
    state() {
      const shown = lastStateOf(hide(secrets, rest)).subarray(0, MOST_SHOWN);
      return shown.subarray(0, shown.length - begunSecret(secrets, shown));
    },
  };
}

/** What is left on a terminal of a line: what follows its last carriage return, unless nothing does. */
export function lastStateOf(line: Buffer): Buffer {
  const end = endOfText(line);
  return line.subarray(lastReturn(line, end) + 1, end);
}

/** What follows a carriage return takes back what is before it; that itself stays, for what was let go already. */
const fromLastReturn = (line: Buffer): Buffer =>
  line.subarray(Math.max(0, lastReturn(line, endOfText(line))));

const lastReturn = (line: Buffer, end: number): number =>
  end === 0 ? -1 : line.lastIndexOf(RETURN, end - 1);

function endOfText(line: Buffer): number {
  let end = line.length;
  while (end > 0 && line[end - 1] === RETURN) end -= 1;
  return end;
}

function inLastStates(lines: Buffer): Buffer {
  if (!lines.includes(RETURN)) return lines;
  const kept: Buffer[] = [];
  for (let from = 0; from < lines.length;) {
    const end = lines.indexOf(NEWLINE, from);
    kept.push(fromLastReturn(lines.subarray(from, end)), lines.subarray(end, end + 1));
    from = end + 1;
  }
  return Buffer.concat(kept);
}

/** How many bytes at the end may be the beginning of a secret. */
function begunSecret(secrets: readonly Buffer[], shown: Buffer): number {
  const keep = Math.max(0, ...secrets.map(({ length }) => length - 1));
  for (let count = Math.min(keep, shown.length); count > 0; count -= 1) {
    const end = shown.subarray(shown.length - count);
    if (secrets.some((secret) => secret.subarray(0, count).equals(end))) return count;
  }
  return 0;
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
