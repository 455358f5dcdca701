import type { Follower } from './followers.ts';
import type { LogLine, Source } from './log.ts';
import { openPosition } from './position.ts';
import type { Position } from './position.ts';
import { openLogReader } from './read-log.ts';
import type { LogReader, ReadLine } from './read-log.ts';
import { watchSources } from './watch-sources.ts';

export type Following = {
  /** The sources as they are now; asked again when there may be others, since instances come and go. */
  sources(): Promise<readonly Source[]>;
  /** Where an earlier follower stopped (`cursor` of its last line). */
  from?: string | undefined;
  /** Follows until it is aborted and what is there by then is read; without it only that is read. */
  until?: AbortSignal | undefined;
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
  let readers = new Map<string, LogReader>();
  let growing: string[] = [];
  const watching = watchSources(until === undefined ? [signal] : [signal, until]);
  follower?.onWanted(watching.lookForMore);
  try {
    while (!signal.aborted) {
      const last = until === undefined || until.aborted;
      follower?.lookBegins();
      if (last || watching.takeNews()) {
        const unread = position.unread(await following.sources());
        readers = openReaders(unread, { readers, position });
        growing = unread.filter(({ over }) => over !== true).map(({ directory }) => directory);
      }
      watching.watch(growing);
      yield* drain([...readers.values()], { position, signal });
      readers = new Map([...readers].filter(([id]) => !position.isRead(id)));
      follower?.lookEnds([...readers.values()]);
      if (last) return;
      await watching.untilChanged();
    }
  } finally {
    watching.close();
    follower?.leave();
  }
}

/** A reader for each source: those that are there go on, the others begin where the position says. */
const openReaders = (
  sources: readonly Source[],
  { readers, position }: { readers: ReadonlyMap<string, LogReader>; position: Position },
): Map<string, LogReader> =>
  new Map(
    sources.map((source) => [
      source.id,
      readers.get(source.id) ?? openLogReader(source, position.of(source.id)),
    ]),
  );

/** A source's lines that were read and not yet handed on, from `next` on. */
type Buffered = { reader: LogReader; lines: readonly ReadLine[]; next: number };

const firstOf = ({ lines, next }: Buffered): ReadLine | undefined => lines[next];

/** Everything that is there now, merged by time. */
async function* drain(
  readers: readonly LogReader[],
  { position, signal }: { position: Position; signal: AbortSignal },
): AsyncGenerator<FollowedLine> {
  const sources: Buffered[] = readers.map((reader) => ({ reader, lines: [], next: 0 }));
  while (!signal.aborted) {
    for (const one of sources)
      if (firstOf(one) === undefined && !position.isRead(one.reader.source.id))
        await readOn(one, position);
    const merged = sources.filter((source) => firstOf(source) !== undefined);
    if (merged.length === 0) return;
    // a source whose lines are used up is read on before it is known which line is the next
    for (let read = takeOldest(merged); read !== undefined; read = takeOldest(merged)) {
      const { next, ...line } = read;
      position.moveTo(line.source.id, next);
      yield { cursor: position.encode(), line };
      if (signal.aborted) return;
    }
  }
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
