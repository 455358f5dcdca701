import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { place, segmentOf } from './cursor.ts';
import { lastStateOf } from './hold-lines.ts';
import type { LogLine, Source } from './log.ts';
import { streams } from './log.ts';
import { SEGMENT_BYTES, framed, segmentName, segmentNumber } from './segment.ts';
import type { Format, Frame } from './segment.ts';

const CHUNK = 1024 * 1024;
const MEBIBYTE = 1024 * 1024;
/** A longer line is split. */
const LONGEST_LINE = 64 * 1024;

/** A line, and where each of the source's streams goes on after it. */
export type ReadLine = LogLine & { next: readonly number[] };

type Pending = { at: number; parts: Buffer[]; length: number };

/** Reads one source forward, from any place, to wherever it goes on growing. */
export type LogReader = {
  readonly source: Source;
  /** The next lines, oldest first; empty where there is nothing new. */
  read(): Promise<ReadLine[]>;
  /** Whether the source is complete and all of it was read. */
  ended(): boolean;
};

export function openLogReader(source: Source, from: readonly number[] = []): LogReader {
  const next = streams.map((_, stream) => from[stream] ?? 0);
  const state: State = {
    source,
    next,
    pending: streams.map(() => undefined),
    segment: segmentOf(Math.min(...next)),
    offset: 0,
    frames: [],
    missed: 0,
    over: false,
  };
  return {
    source,
    read: () => readOn(state),
    ended: () => state.over,
  };
}

type State = {
  source: Source;
  /** The place of the next line in each stream. */
  next: number[];
  /** Lines whose end was not yet written. */
  pending: (Pending | undefined)[];
  segment: number;
  offset: number;
  /** Of `segment`, read and not yet taken apart; the next is the last. */
  frames: Frame[];
  /** How many segments a budget removed before they were read, until that is said. */
  missed: number;
  over: boolean;
};

async function readOn(state: State): Promise<ReadLine[]> {
  const { directory, format = framed } = state.source;
  const waiting = takeFrames(state);
  if (waiting.length > 0 || state.over) return waiting;
  const closedAt = await findClosing(directory);
  const available = await listSegments(directory, format);
  skipRemoved(state, available);
  for (;;) {
    const chunk = await readChunk(
      join(directory, segmentName(state.segment, format)),
      state.offset,
    );
    const { frames, used } = format.decode(chunk, state.offset);
    state.offset += used;
    state.frames = frames.toReversed();
    const lines = takeFrames(state);
    if (lines.length > 0) return lines;
    if (used > 0) continue;
    const following = available.find((number) => number > state.segment);
    if (following === undefined) break;
    state.segment = following;
    state.offset = 0;
  }
  if (closedAt === undefined) return [];
  state.over = true;
  if (state.segment === 0) return [sayRemoved(state, closedAt)];
  return streams.flatMap((_, stream) => flush(state, stream));
}

/** The lines of the next frames that bring some: not of all, so that few are in memory at a time. */
function takeFrames(state: State): ReadLine[] {
  for (;;) {
    const frame = state.frames.pop();
    if (frame === undefined) return [];
    const lines = takeFrame(state, frame);
    if (lines.length > 0) return lines;
  }
}

/** Moves over segments that a budget removed. */
function skipRemoved(state: State, available: readonly number[]): void {
  const [first] = available;
  if (first === undefined || state.segment >= first) return;
  state.missed = first - Math.max(1, state.segment);
  state.segment = first;
  state.offset = 0;
  state.pending = streams.map(() => undefined);
  state.next = state.next.map((where) => Math.max(where, place(first, 0)));
}

/** Says, with the first of what is left, how much is not there any more. */
function sayMissed(state: State, at: number): ReadLine[] {
  const { source, missed, next } = state;
  if (missed === 0) return [];
  state.missed = 0;
  const size = Math.round((missed * SEGMENT_BYTES) / MEBIBYTE);
  const text = `About ${size} MiB of older output were removed here: the log had outgrown its budget.`;
  return [{ source, at, stream: 'platform', text, next: [...next] }];
}

/** A source that is complete and has no segment has lost all of them to a budget. */
function sayRemoved({ source, next }: State, at: number): ReadLine {
  const text = 'The output was removed here: newer logs needed the room.';
  return { source, at, stream: 'platform', text, next: [...next] };
}

function takeFrame(state: State, frame: Frame): ReadLine[] {
  const { bytes, stream, offset } = frame;
  const lines = sayMissed(state, frame.at);
  const base = place(state.segment, offset);
  let from = Math.max(0, Math.min(bytes.length, (state.next[stream] ?? 0) - base));
  while (from < bytes.length) {
    const line = (state.pending[stream] ??= { at: frame.at, parts: [], length: 0 });
    const newline = bytes.indexOf(10, from);
    const end = newline === -1 ? bytes.length : newline;
    const to = Math.min(end, splitAt(bytes, from, from + LONGEST_LINE - line.length));
    line.parts.push(Buffer.from(bytes.subarray(from, to)));
    line.length += to - from;
    const ends = to === newline;
    from = ends ? to + 1 : to;
    if (ends || to < end || line.length >= LONGEST_LINE)
      lines.push(finish(state, stream, base + from));
  }
  return lines;
}

/** Where to cut a line that is too long: at `wanted`, or before the character that is there. */
function splitAt(bytes: Buffer, from: number, wanted: number): number {
  let at = wanted;
  while (at > from && wanted - at < 3 && isInsideCharacter(bytes[at])) at -= 1;
  return at > from ? at : wanted;
}

/** A byte of UTF-8 that continues a character. */
const isInsideCharacter = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= 0x80 && byte < 0xc0;

function finish(state: State, stream: number, end: number): ReadLine {
  const { source, pending } = state;
  const { at = 0, parts = [] } = pending[stream] ?? {};
  pending[stream] = undefined;
  state.next = state.next.map((where, one) =>
    one === stream || pending[one] === undefined ? Math.max(where, end) : where,
  );
  const text = lastStateOf(Buffer.concat(parts)).toString('utf8');
  return { source, at, stream: streams[stream] ?? 'stdout', text, next: [...state.next] };
}

const flush = (state: State, stream: number): ReadLine[] =>
  state.pending[stream] === undefined
    ? []
    : [finish(state, stream, place(state.segment, state.offset))];

/** When its writer was done; asked before reading, so that nothing written before is missed. */
const findClosing = (directory: string): Promise<number | undefined> =>
  stat(join(directory, 'closed')).then(
    ({ mtimeMs }) => Math.round(mtimeMs),
    () => undefined,
  );

async function listSegments(directory: string, format: Format): Promise<number[]> {
  const names = await readdir(directory).catch(() => []);
  return names.flatMap((name) => segmentNumber(name, format) ?? []).toSorted((a, b) => a - b);
}

async function readChunk(path: string, offset: number): Promise<Buffer> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return Buffer.alloc(0);
  try {
    const length = Math.max(0, Math.min(CHUNK, (await file.stat()).size - offset));
    if (length === 0) return Buffer.alloc(0);
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
