import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Follower } from './followers.ts';
import type { LogLine, Source } from './log.ts';
import { openLogReader } from './read-log.ts';
import type { LogReader, ReadLine } from './read-log.ts';
import { watchSources } from './watch-sources.ts';

export type Following = {
  /** The sources as they are now; asked again from time to time, since instances come and go. */
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
  const cursor = new Map(following.from === undefined ? [] : decodeCursor(following.from));
  const readers = new Map<string, LogReader>();
  const watching = watchSources(until === undefined ? [signal] : [signal, until]);
  follower?.onWanted(watching.lookForMore);
  let sources: readonly Source[] = [];
  try {
    while (!signal.aborted) {
      const last = until === undefined || until.aborted;
      follower?.lookBegins();
      if (last || watching.takeNews()) sources = await following.sources();
      for (const source of sources) {
        watching.add(source.directory);
        if (!readers.has(source.id))
          readers.set(source.id, openLogReader(source, cursor.get(source.id)));
      }
      yield* drain([...readers.values()], { cursor, signal });
      follower?.lookEnds([...readers.values()]);
      if (last) return;
      await watching.untilChanged();
    }
  } finally {
    watching.close();
    follower?.leave();
  }
}

/** A source's lines that were read and not yet handed on, from `next` on. */
type Buffered = { reader: LogReader; lines: readonly ReadLine[]; next: number };

const firstOf = ({ lines, next }: Buffered): ReadLine | undefined => lines[next];

/** Everything that is there now, merged by time. */
async function* drain(
  readers: readonly LogReader[],
  { cursor, signal }: { cursor: Map<string, readonly number[]>; signal: AbortSignal },
): AsyncGenerator<FollowedLine> {
  const sources: Buffered[] = readers.map((reader) => ({ reader, lines: [], next: 0 }));
  while (!signal.aborted) {
    for (const one of sources.filter((source) => firstOf(source) === undefined))
      Object.assign(one, { lines: await one.reader.read(), next: 0 });
    const merged = sources.filter((source) => firstOf(source) !== undefined);
    if (merged.length === 0) return;
    // a source whose lines are used up is read on before it is known which line is the next
    for (let read = takeOldest(merged); read !== undefined; read = takeOldest(merged)) {
      const { next, ...line } = read;
      cursor.set(line.source.id, next);
      yield { cursor: encodeCursor(cursor), line };
      if (signal.aborted) return;
    }
  }
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
