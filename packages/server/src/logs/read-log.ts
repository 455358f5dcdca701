import { open, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { place, segmentOf } from './cursor.ts';
import type { LogLine, Source } from './log.ts';
import { streams } from './log.ts';
import { decodeFrames, segmentName, segmentNumber } from './segment.ts';
import type { Frame } from './segment.ts';

const CHUNK = 1024 * 1024;
/** A longer line is split. */
const LONGEST_LINE = 64 * 1024;

/** A line, and where its stream goes on after it. */
export type ReadLine = LogLine & { next: number };

type Pending = { at: number; parts: Buffer[]; length: number };

/** Reads one source forward, from any place, to wherever it goes on growing. */
export type LogReader = {
  readonly source: Source;
  /** The place of the next line in each stream. */
  positions(): readonly number[];
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
    over: false,
  };
  return {
    source,
    positions: () => [...state.next],
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
  over: boolean;
};

async function readOn(state: State): Promise<ReadLine[]> {
  if (state.over) return [];
  const { directory } = state.source;
  const closed = await isClosed(directory);
  const available = await listSegments(directory);
  const lines = skipDropped(state, available);
  for (;;) {
    const chunk = await readChunk(join(directory, segmentName(state.segment)), state.offset);
    const { frames, used } = decodeFrames(chunk, state.offset);
    state.offset += used;
    for (const frame of frames) lines.push(...takeFrame(state, frame));
    if (lines.length > 0) return lines;
    if (used > 0) continue;
    const following = available.find((number) => number > state.segment);
    if (following === undefined) break;
    state.segment = following;
    state.offset = 0;
  }
  if (!closed) return lines;
  state.over = true;
  return streams.flatMap((_, stream) => flush(state, stream));
}

/** Moves over segments that a budget removed, and says so. */
function skipDropped(state: State, available: readonly number[]): ReadLine[] {
  const [first] = available;
  if (first === undefined || state.segment >= first) return [];
  const missed = state.segment > 0 || first > 1;
  state.segment = first;
  state.offset = 0;
  if (!missed) return [];
  const text = 'Older output was removed here: the log is larger than its budget.';
  return [{ source: state.source, at: 0, stream: 'platform', text, next: state.next[0] ?? 0 }];
}

function takeFrame(state: State, frame: Frame): ReadLine[] {
  const lines: ReadLine[] = [];
  const start = (state.next[frame.stream] ?? 0) - place(state.segment, frame.offset);
  let from = Math.max(0, Math.min(frame.bytes.length, start));
  while (from < frame.bytes.length) {
    const newline = frame.bytes.indexOf(10, from);
    const to = newline === -1 ? frame.bytes.length : newline;
    const length = addPart(state, frame, frame.bytes.subarray(from, to));
    from = newline === -1 ? to : to + 1;
    if (newline !== -1 || length >= LONGEST_LINE)
      lines.push(finish(state, frame.stream, place(state.segment, frame.offset + from)));
  }
  return lines;
}

function addPart({ pending }: State, { stream, at }: Frame, bytes: Buffer): number {
  const line = (pending[stream] ??= { at, parts: [], length: 0 });
  line.parts.push(Buffer.from(bytes));
  line.length += bytes.length;
  return line.length;
}

function finish({ source, pending, next }: State, stream: number, end: number): ReadLine {
  const { at = 0, parts = [] } = pending[stream] ?? {};
  pending[stream] = undefined;
  next[stream] = end;
  const text = Buffer.concat(parts).toString('utf8').replace(/\r$/, '');
  return { source, at, stream: streams[stream] ?? 'stdout', text, next: end };
}

const flush = (state: State, stream: number): ReadLine[] =>
  state.pending[stream] === undefined
    ? []
    : [finish(state, stream, place(state.segment, state.offset))];

/** Whether its writer is done; asked before reading, so that nothing written before is missed. */
const isClosed = (directory: string): Promise<boolean> =>
  readFile(join(directory, 'closed')).then(
    () => true,
    () => false,
  );

async function listSegments(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch(() => []);
  return names.flatMap((name) => segmentNumber(name) ?? []).toSorted((a, b) => a - b);
}

async function readChunk(path: string, offset: number): Promise<Buffer> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return Buffer.alloc(0);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK), 0, CHUNK, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
