import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { holdLines, secretsIn } from './hold-lines.ts';
import type { LineHold } from './hold-lines.ts';
import { HEADER, SEGMENT_BYTES, encodeFrame, segmentName, segmentNumber } from './segment.ts';

const PLATFORM = 0;
const BATCH_BYTES = 256 * 1024;

/** What a writer is told where it is to go on. */
export type WriterPosition = {
  segment: number;
  offset: number;
  /** Bytes that were lost in all, and those of which the log does not say so yet. */
  dropped: number;
  untold: number;
  /** The time of what was written last. */
  at: number;
};

export const beginning: WriterPosition = { segment: 1, offset: 0, dropped: 0, untold: 0, at: 0 };

/** Writes what an instance says as frames into segments, within a budget. */
export type SegmentWriter = {
  /**
   * Appends what has ended of a stream's lines, each in its last state. They are on disk after `flush`. What
   * the disk has no room for is counted and said later: whoever writes never waits for it.
   */
  write(stream: 1 | 2, at: number, bytes: Buffer): void;
  /** How many of the stream's bytes are held back, since their line has not ended. */
  held(stream: 1 | 2): number;
  /** Writes what is held back, in the order of time. */
  release(): void;
  /** A line of the platform's own. */
  say(line: string, at: number): void;
  flush(): void;
  /** Where a writer goes on that is to write what comes after; what is held back comes again. */
  position(): WriterPosition;
  /** Lets go of the files; somebody else goes on at `position`. */
  leave(): void;
  /** Writes all that is left, and says that the log is complete. */
  close(): void;
};

export type SegmentWriterOptions = {
  budgetBytes: number;
  masked: readonly string[];
  /** What was written after it is removed: the same frames come again at the same places. */
  from?: WriterPosition;
};

/** Free space is a share of the disk, which logs leave to those who cannot do without. */
export const usualLimits = { segmentBytes: SEGMENT_BYTES, keepFree: 0.05 };

export function openSegmentWriter(
  directory: string,
  { budgetBytes, masked, from = beginning }: SegmentWriterOptions,
  limits: typeof usualLimits = usualLimits,
): SegmentWriter {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const files = openFiles(directory, { from, budgetBytes, limits });
  const secrets = secretsIn(masked);
  const held = ([1, 2] as const).map((stream) => ({ stream, lines: holdLines(secrets), at: 0 }));
  const of = (stream: 1 | 2): HeldStream => held[stream - 1] as HeldStream;
  const append = (stream: number, at: number, bytes: Buffer): void => {
    if (bytes.length > 0) files.append(stream, at, bytes);
  };
  const release = (): void => {
    for (const { stream, lines, at } of held)
      append(stream, Math.max(at, files.lastAt()), lines.release());
  };
  return {
    write(stream, at, bytes) {
      const mine = of(stream);
      mine.at = at;
      append(stream, at, mine.lines.feed(bytes));
    },
    held: (stream) => of(stream).lines.held(),
    release,
    say: (line, at) => append(PLATFORM, at, Buffer.from(`${line}\n`)),
    flush: files.flush,
    position: files.position,
    leave: files.leave,
    close() {
      release();
      const { dropped } = files.finish();
      writeFileSync(join(directory, 'closed'), JSON.stringify({ droppedBytes: dropped }));
    },
  };
}

type HeldStream = { stream: 1 | 2; lines: LineHold; at: number };

type FileOptions = { from: WriterPosition; budgetBytes: number; limits: typeof usualLimits };

/** Gathers frames, so that many are one write; a segment ends where it would without that. */
function openFiles(directory: string, { from, budgetBytes, limits }: FileOptions) {
  const segments = openSegments(directory, { from, budgetBytes, limits });
  const batch = Buffer.allocUnsafe(BATCH_BYTES);
  let filled = 0;
  let payload = 0;
  let { dropped, untold, at: lastAt } = from;
  const tellLost = (): void => {
    if (untold === 0 || segments.isDiskFull()) return;
    if (segments.put(encodeFrame(lastAt, PLATFORM, lostSentence(untold)))) untold = 0;
  };
  /** A nearly full disk loses lines, never the application that writes them. */
  const putOrLose = (frames: Buffer, bytes: number): void => {
    tellLost();
    if (!segments.isDiskFull() && segments.put(frames)) return;
    dropped += bytes;
    untold += bytes;
  };
  const flush = (): void => {
    if (filled > 0) putOrLose(batch.subarray(0, filled), payload);
    filled = payload = 0;
    segments.turnPage();
  };
  return {
    append(stream: number, at: number, bytes: Buffer): void {
      const length = HEADER + bytes.length;
      lastAt = at;
      if (filled + length > BATCH_BYTES) flush();
      if (length > BATCH_BYTES) putOrLose(encodeFrame(at, stream, bytes), bytes.length);
      else {
        putHeader(batch, filled, { at, stream, length: bytes.length });
        batch.set(bytes, filled + HEADER);
        filled += length;
        payload += bytes.length;
      }
      if (segments.place().offset + filled >= limits.segmentBytes) flush();
    },
    flush,
    lastAt: () => lastAt,
    position(): WriterPosition {
      flush();
      return { ...segments.place(), dropped, untold, at: lastAt };
    },
    leave: segments.leave,
    finish(): { dropped: number } {
      flush();
      tellLost();
      segments.leave();
      return { dropped };
    },
  };
}

function openSegments(directory: string, { from, budgetBytes, limits }: FileOptions) {
  const most = Math.max(2, Math.floor(budgetBytes / limits.segmentBytes));
  let { file, number, size } = openAt(directory, from);
  return {
    /** Whether it was written; of frames that do not fit nothing is left, or no reader gets past them. */
    put(frames: Buffer): boolean {
      const written = tryWrite(file, frames);
      if (written === frames.length) size += written;
      else ftruncateSync(file, size);
      return written === frames.length;
    },
    turnPage(): void {
      if (size < limits.segmentBytes) return;
      const next = openSegment(directory, number + 1);
      closeSync(file);
      ({ file, number, size } = next);
      rmSync(join(directory, segmentName(Math.max(0, number - most))), { force: true });
    },
    place: () => ({ segment: number, offset: size }),
    leave: () => closeSync(file),
    isDiskFull(): boolean {
      const { bavail, blocks } = statfsSync(directory);
      return bavail < blocks * limits.keepFree;
    },
  };
}

function tryWrite(file: number, bytes: Buffer): number {
  try {
    return writeSync(file, bytes);
  } catch {
    return 0;
  }
}

function putHeader(
  batch: Buffer,
  start: number,
  { at, stream, length }: { at: number; stream: number; length: number },
): void {
  batch.writeUInt32BE(Math.floor(at / 2 ** 32), start);
  batch.writeUInt32BE(at % 2 ** 32, start + 4);
  batch.writeUInt8(stream, start + 8);
  batch.writeUInt32BE(length, start + 9);
}

type OpenSegment = { file: number; number: number; size: number };

function openSegment(directory: string, number: number): OpenSegment {
  const file = openSync(join(directory, segmentName(number)), 'a', 0o600);
  return { file, number, size: fstatSync(file).size };
}

/** What a machine lost that went down is not filled in: what comes next has a segment of its own then. */
function openAt(directory: string, { segment, offset }: WriterPosition): OpenSegment {
  for (const name of readdirSync(directory))
    if ((segmentNumber(name) ?? 0) > segment) rmSync(join(directory, name));
  const opened = openSegment(directory, segment);
  if (opened.size < offset) {
    closeSync(opened.file);
    return openSegment(directory, segment + 1);
  }
  ftruncateSync(opened.file, offset);
  return { ...opened, size: offset };
}

const lostSentence = (count: number): Buffer =>
  Buffer.from(
    `${count} bytes of output were not kept here: the disk of the machine is nearly full. ` +
      'Its operator can free some, or delete applications.\n',
  );
