import { createSkip } from './log-position.ts';
import type { StreamPosition } from './log-position.ts';
import { compareTimes, parsePrinted, printTime } from './log-time.ts';
import type { LogTime } from './log-time.ts';

export const NEWLINE = 10;
/** Of a line that is too long for it an engine gives pieces as long as its buffer: so many bytes, or a multiple. */
const PIECE = 4096;

/**
 * Whether a line is over with this message: Docker's `local` log keeps no newline of one that came in pieces
 * (20.10), and of the last line there may be none.
 */
export const endsLine = (bytes: Buffer): boolean =>
  bytes.length === 0 || bytes.length % PIECE !== 0 || bytes.at(-1) === NEWLINE;

/** Follows one stream of a container: what of it is new, and how far it was written. */
export type StreamProgress = {
  /**
   * What of the next message was not yet had; or that it is older than the one before it, which was new, or the very
   * same: the engine sends again what it sent, or a clock was set back. Whoever asks anew is told whether there are two.
   */
  take(time: LogTime, bytes: Buffer): Buffer | 'had' | 'older';
  /** To be called after that was given to the writer, with how much of the stream it holds back. */
  given(held: number): void;
  position(): StreamPosition;
};

/** Pieces of a long line may well be the same, and have one time; whole lines hardly. */
function isRepeated(
  previous: { time: LogTime; bytes: Buffer },
  time: LogTime,
  bytes: Buffer,
): boolean {
  const order = compareTimes(time, previous.time);
  return order < 0 || (order === 0 && endsLine(previous.bytes) && bytes.equals(previous.bytes));
}

type Waiting = { time: LogTime; length: number };

export function createStreamProgress(from: StreamPosition): StreamProgress {
  const isHad = createSkip(from);
  let time = from.time === undefined ? undefined : parsePrinted(from.time);
  let { count, bytes: writtenAhead } = from;
  let lineSince = from.lineSince === undefined ? undefined : parsePrinted(from.lineSince);
  let previous: { time: LogTime; bytes: Buffer } | undefined;
  /** Messages that were taken and of which not all was written. */
  const waiting: Waiting[] = [];
  let unwritten = 0;
  let skipped = from.bytes;

  const settle = (of: LogTime): void => {
    if (time !== undefined && compareTimes(of, time) <= 0) count += 1;
    else {
      time = of;
      count = 1;
    }
  };
  return {
    take(at, bytes) {
      if (isHad(at)) return 'had';
      if (previous !== undefined && isRepeated(previous, at, bytes)) return 'older';
      previous = { time: at, bytes };
      lineSince = endsLine(bytes) ? undefined : (lineSince ?? at);
      waiting.push({ time: at, length: bytes.length });
      unwritten += bytes.length;
      const fresh = skipped === 0 ? bytes : bytes.subarray(Math.min(skipped, bytes.length));
      skipped -= bytes.length - fresh.length;
      return fresh;
    },
    given(held) {
      for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
        if (unwritten - first.length < held) break;
        waiting.shift();
        unwritten -= first.length;
        settle(first.time);
      }
      writtenAhead = unwritten - held;
    },
    position: () => ({
      ...(time && { time: printTime(time) }),
      count,
      bytes: writtenAhead,
      ...(lineSince && { lineSince: printTime(lineSince) }),
    }),
  };
}
