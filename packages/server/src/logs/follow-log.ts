import { systemClock } from '../lib/clock.ts';
import type { Follower } from './followers.ts';
import { LAST_LINES_WITHIN } from './log-subject.ts';
import type { LogLine, Source } from './log.ts';
import { openPosition } from './position.ts';
import type { Position } from './position.ts';
import { openLogReader } from './read-log.ts';
import type { LogReader, ReadLine } from './read-log.ts';
import { lookAtUnended } from './unended.ts';
import type { UnendedLook } from './unended.ts';
import { watchSources } from './watch-sources.ts';

export type Following = {
  /** The sources as they are now; asked again when there may be others, since instances come and go. */
  sources(): Promise<readonly Source[]>;
  /** Where an earlier follower stopped (`cursor` of its last line). */
  from?: string | undefined;
  /** Follows until it is aborted and what was written by then is read; without it only what is there. */
  until?: AbortSignal | undefined;
  /** Whether lines are told that have not ended, too. */
  unended?: boolean | undefined;
  /** Tells those who wait for this follower how far it is. */
  follower?: Follower;
  /** Ends it at once. */
  signal: AbortSignal;
};

export type FollowedLine = { cursor: string; line: LogLine };

/** The lines of several sources as one row, oldest first as far as they are known, then as they come. */
export async function* followLogs(following: Following): AsyncGenerator<FollowedLine> {
  const { until, follower, signal } = following;
  const position = openPosition(following.from);
  let sources = new Map<string, Buffered>();
  let growing: string[] = [];
  let writtenBy = Number.POSITIVE_INFINITY;
  const unended = following.unended === true ? lookAtUnended() : undefined;
  const watching = watchSources(until === undefined ? [signal] : [signal, until]);
  follower?.onWanted(watching.lookForMore);
  try {
    while (!signal.aborted) {
      const last = until === undefined || until.aborted;
      if (last) writtenBy = Math.min(writtenBy, systemClock() + LAST_LINES_WITHIN);
      follower?.lookBegins();
      if (last || watching.takeNews()) {
        const unread = position.unread(await following.sources());
        sources = openSources(unread, { sources, position });
        growing = unread.filter(({ over }) => over !== true).map(({ directory }) => directory);
      }
      watching.watch(growing);
      const most = last ? Number.POSITIVE_INFINITY : LINES_A_LOOK;
      const draining = { position, signal, most, writtenBy, unended };
      const isAll = yield* drain([...sources.values()], draining);
      sources = new Map([...sources].filter(([id]) => !position.isRead(id)));
      const readers = [...sources.values()].map(({ reader }) => reader);
      if (isAll) follower?.lookEnds(readers);
      else follower?.goesOn(readers);
      if (isAll && unended !== undefined) yield* unendedOf(unended, readers, position);
      if (last) return;
      if (isAll) await watching.untilChanged();
    }
  } finally {
    watching.close();
    follower?.leave();
  }
}

/** The lines without an end of those that may still bring it; who comes back is where they were before. */
async function* unendedOf(
  unended: UnendedLook,
  readers: readonly LogReader[],
  position: Position,
): AsyncGenerator<FollowedLine> {
  const instances = readers.map(({ source }) => source).filter(isInstance);
  for (const line of await unended.changed(instances)) yield { cursor: position.encode(), line };
}

const isInstance = ({ instanceId }: Source): boolean => instanceId !== undefined;

/** So many lines are handed on before it is looked again what they are of: who reads slowly may never have all. */
const LINES_A_LOOK = 1_000;

/** A reader for each source: those that are there go on, the others begin where the position says. */
const openSources = (
  found: readonly Source[],
  { sources, position }: { sources: ReadonlyMap<string, Buffered>; position: Position },
): Map<string, Buffered> =>
  new Map(
    found.map((source) => {
      const reader = (): LogReader => openLogReader(source, position.of(source.id));
      return [source.id, sources.get(source.id) ?? { reader: reader(), lines: [], next: 0 }];
    }),
  );

/** A source's lines that were read and not yet handed on, from `next` on. */
type Buffered = { reader: LogReader; lines: readonly ReadLine[]; next: number };

const firstOf = ({ lines, next }: Buffered): ReadLine | undefined => lines[next];

type Draining = {
  position: Position;
  signal: AbortSignal;
  /** How many lines at most. */
  most: number;
  /** What was written later than that is not waited for. */
  writtenBy: number;
  unended: UnendedLook | undefined;
};

/** What is there now, merged by time; whether that was all. */
async function* drain(
  sources: readonly Buffered[],
  { position, signal, most, writtenBy, unended }: Draining,
): AsyncGenerator<FollowedLine, boolean> {
  let left = most;
  while (!signal.aborted) {
    for (const one of sources)
      if (firstOf(one) === undefined && !position.isRead(one.reader.source.id))
        await readOn(one, position);
    const merged = sources.filter((source) => firstOf(source) !== undefined);
    if (merged.length === 0) return true;
    // a source whose lines are used up is read on before it is known which line is the next
    for (let read = takeOldest(merged); read !== undefined; read = takeOldest(merged)) {
      const { next, ...line } = read;
      if (line.at > writtenBy) return false;
      position.moveTo(line.source.id, next);
      unended?.ended(line);
      yield { cursor: position.encode(), line };
      left -= 1;
      if (signal.aborted || left <= 0) return false;
    }
  }
  return false;
}

async function readOn(buffered: Buffered, position: Position): Promise<void> {
  const { reader } = buffered;
  buffered.lines = await reader.read();
  buffered.next = 0;
  if (buffered.lines.length === 0) position.hasNoMore(reader.source.id, reader.ended());
}

/** The oldest line, or undefined where one of the sources has to be read on first. */
function takeOldest(sources: readonly Buffered[]): ReadLine | undefined {
  let oldest: Buffered | undefined;
  for (const source of sources) {
    const first = firstOf(source);
    if (first === undefined) return undefined;
    if (oldest === undefined || first.at < (firstOf(oldest)?.at ?? 0)) oldest = source;
  }
  if (oldest === undefined) return undefined;
  oldest.next += 1;
  return oldest.lines[oldest.next - 1];
}
