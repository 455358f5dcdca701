import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { LogLine, Source } from './log.ts';
import { openLogReader } from './read-log.ts';
import type { LogReader, ReadLine } from './read-log.ts';

export type Following = {
  /** The sources as they are now; asked again from time to time, since instances come and go. */
  sources(): Promise<readonly Source[]>;
  /** Where an earlier follower stopped (`cursor` of its last line). */
  from?: string | undefined;
  /** Without it what is there is read, and that is all. */
  follow: boolean;
  signal: AbortSignal;
};

export type FollowedLine = { cursor: string; line: LogLine };

/** How often it is asked whether there are new sources; lines of known ones are seen at once. */
const ASK_EVERY = 500;

/** The lines of several sources as one row, oldest first as far as they are known, then as they come. */
export async function* followLogs(following: Following): AsyncGenerator<FollowedLine> {
  const from = following.from === undefined ? undefined : decodeCursor(following.from);
  const readers = new Map<string, LogReader>();
  const cursor = new Map(from);
  const watcher = createWatcher(following.signal);
  try {
    while (!following.signal.aborted) {
      for (const source of await following.sources()) {
        if (readers.has(source.id)) continue;
        readers.set(source.id, openLogReader(source, cursor.get(source.id)));
        watcher.add(source.directory);
      }
      yield* drain([...readers.values()], cursor);
      if (!following.follow) return;
      await watcher.changed(ASK_EVERY);
    }
  } finally {
    watcher.close();
  }
}

type Buffered = { reader: LogReader; lines: ReadLine[] };

/** Everything that is there now, merged by time. */
async function* drain(
  readers: readonly LogReader[],
  cursor: Map<string, readonly number[]>,
): AsyncGenerator<FollowedLine> {
  const sources: Buffered[] = readers.map((reader) => ({ reader, lines: [] }));
  for (;;) {
    for (const one of sources) if (one.lines.length === 0) one.lines = await one.reader.read();
    const [oldest] = sources
      .filter(({ lines }) => lines.length > 0)
      .toSorted((a, b) => (a.lines[0]?.at ?? 0) - (b.lines[0]?.at ?? 0));
    const line = oldest?.lines.shift();
    if (oldest === undefined || line === undefined) return;
    const { next, ...rest } = line;
    cursor.set(line.source.id, after(cursor.get(line.source.id), rest, next));
    yield { cursor: encodeCursor(cursor), line: rest };
  }
}

const order = { platform: 0, stdout: 1, stderr: 2 } as const;

/** The source's places with that of the line's stream moved behind it. */
function after(before: readonly number[] | undefined, line: LogLine, next: number): number[] {
  const places = [before?.[0] ?? 0, before?.[1] ?? 0, before?.[2] ?? 0];
  places[order[line.stream]] = next;
  return places;
}

/** Wakes a follower when one of the directories changes. */
function createWatcher(signal: AbortSignal) {
  const watchers: FSWatcher[] = [];
  let notify: (() => void) | undefined;
  let dirty = false;
  const touch = (): void => {
    dirty = true;
    notify?.();
  };
  signal.addEventListener('abort', touch, { once: true });
  return {
    add(directory: string): void {
      try {
        watchers.push(watch(directory, touch).on('error', touch));
        dirty = true;
      } catch {
        // not made yet: its first lines are found when the sources are asked for again
      }
    },
    async changed(atMost: number): Promise<void> {
      if (!dirty)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, atMost);
          notify = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      dirty = false;
      notify = undefined;
    },
    close: () => watchers.forEach((watcher) => watcher.close()),
  };
}
