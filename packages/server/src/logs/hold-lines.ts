/** A longer line is let go in pieces, though more of it comes. */
const LONGEST_LINE = 64 * 1024;
const SHORTEST_SECRET = 8;
/** Of a line that has not ended no more is shown. */
const MOST_SHOWN = 4096;
const [NEWLINE, RETURN] = [0x0a, 0x0d];
const STARS = Buffer.from('***');
const NOTHING: Buffer = Buffer.alloc(0);

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
  /** Whenever it is too much, half of it at least goes: whoever says a line byte by byte costs no more than others. */
  const most = Math.max(LONGEST_LINE, 2 * keep);
  const rest = growing();
  const letGo = (): Buffer => {
    const all = rest.take();
    const cut = cutBefore(secrets, all, all.length - keep);
    rest.add(all.subarray(cut));
    return hide(secrets, all.subarray(0, cut));
  };
  return {
    feed(bytes) {
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      const text = bytes.subarray(end);
      const whole = end === 0 ? NOTHING : inLastStates(rest.take(bytes.subarray(0, end)));
      const back = lastReturn(text, endOfText(text));
      const takesBack = back === -1 && endOfText(text) > 0 && rest.bytes().at(-1) === RETURN;
      if (back !== -1 || takesBack) rest.clear();
      if (takesBack) rest.add(Buffer.of(RETURN));
      rest.add(text.subarray(Math.max(0, back)));
      const ready = hide(secrets, whole);
      return rest.bytes().length > most ? Buffer.concat([ready, letGo()]) : ready;
    },
    held: () => rest.bytes().length,
    release() {
      const last = rest.take();
      return last.length === 0 ? last : Buffer.concat([hide(secrets, last), Buffer.of(NEWLINE)]);
    },
    state() {
      const begun = rest.bytes().subarray(0, MOST_SHOWN + keep + 1);
      const shown = lastStateOf(hide(secrets, begun)).subarray(0, MOST_SHOWN);
      return shown.subarray(0, shown.length - begunSecret(secrets, shown));
    },
  };
}

/** Bytes that are added to: what is there already is not copied each time. */
function growing() {
  let room: Buffer = NOTHING;
  let length = 0;
  const clear = (): void => void (length = 0);
  return {
    clear,
    bytes: (): Buffer => room.subarray(0, length),
    add(more: Buffer): void {
      if (length + more.length > room.length) {
        const larger = Buffer.allocUnsafe(2 * (length + more.length));
        room.copy(larger, 0, 0, length);
        room = larger;
      }
      more.copy(room, length);
      length += more.length;
    },
    /** All of it with this behind it, which is the caller's then. */
    take(more: Buffer = NOTHING): Buffer {
      const all = length === 0 ? more : Buffer.concat([room.subarray(0, length), more]);
      room = NOTHING;
      clear();
      return all;
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
const begunSecret = (secrets: readonly Buffer[], shown: Buffer): number =>
  Math.max(0, ...secrets.map((secret) => begunOf(secret, shown)));

/** Where its first bytes are not, it does not begin: of a long secret not every length is tried. */
function begunOf(secret: Buffer, shown: Buffer): number {
  const begin = secret.subarray(0, SHORTEST_SECRET);
  const begins = (at: number): boolean =>
    secret.compare(shown, at, shown.length, 0, shown.length - at) === 0;
  const first = Math.max(0, shown.length - secret.length + 1);
  for (let at = shown.indexOf(begin, first); at !== -1; at = shown.indexOf(begin, at + 1))
    if (begins(at)) return shown.length - at;
  for (let at = Math.max(first, shown.length - begin.length + 1); at < shown.length; at += 1)
    if (begins(at)) return shown.length - at;
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
