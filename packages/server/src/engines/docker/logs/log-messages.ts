import { createTimeReader } from './log-time.ts';
import type { LogTime } from './log-time.ts';

/**
 * What the engine sends of a log whose container has no terminal: messages of 8 bytes (stream, three
 * zeros, length, big endian), the time, a space, and what was written: a line with its end, or a piece
 * of a long one.
 */
const HEADER = 8;
/** No time is longer: `2006-01-02T15:04:05.000000000+07:00`. */
const LONGEST_TIME = 40;
const SPACE = 0x20;

export type MessageSink = {
  /** The bytes are valid until the call returns. */
  message(stream: 1 | 2, time: LogTime, bytes: Buffer): void;
  /** What the engine says of itself: that it could not read the log. */
  trouble(text: string): void;
};

/** Takes what comes, in whatever pieces, and gives on the messages that are whole. */
export function createMessageReader(sink: MessageSink): (chunk: Buffer) => void {
  const readTime = createTimeReader();
  let rest: Buffer = Buffer.alloc(0);
  const take = (stream: Stream, bytes: Buffer): void => {
    if (stream === 3) return sink.trouble(bytes.toString().trim());
    const space = endOfTime(bytes);
    const time = readTime(bytes, 0, space);
    if (time === undefined) throw strange(bytes);
    sink.message(stream, time, bytes.subarray(space + 1));
  };
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (bytes.length - at >= HEADER) {
      const stream = streamOf(bytes, at);
      const end = at + HEADER + bytes.readUInt32BE(at + 4);
      if (end > bytes.length) break;
      take(stream, bytes.subarray(at + HEADER, end));
      at = end;
    }
    rest = Buffer.from(bytes.subarray(at));
  };
}

/** Its output, its errors, and what the engine itself says. */
type Stream = 1 | 2 | 3;

function streamOf(bytes: Buffer, at: number): Stream {
  const stream = bytes[at];
  if (stream !== 1 && stream !== 2 && stream !== 3) throw strange(bytes.subarray(at));
  return stream;
}

function endOfTime(bytes: Buffer): number {
  const most = Math.min(bytes.length, LONGEST_TIME);
  for (let at = 0; at < most; at += 1) if (bytes[at] === SPACE) return at;
  throw strange(bytes);
}

const strange = (bytes: Buffer): Error =>
  new Error(`the engine sent no log message: ${JSON.stringify(bytes.toString('latin1', 0, 60))}`);
