import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastStateOf } from './hold-lines.ts';
import { streams } from './log.ts';
import type { LogLine, Source, Stream } from './log.ts';
import { UNENDED, framed } from './segment.ts';

/** Follows the lines of sources that have not ended, which are shown beside their logs. */
export type UnendedLook = {
  /** A line came with its end: what was seen of it before counts no more. */
  ended(line: LogLine): void;
  /** Those that are new or other than they were, oldest first; to be asked when the logs were read. */
  changed(sources: readonly Source[]): Promise<LogLine[]>;
};

export function lookAtUnended(): UnendedLook {
  const seen = new Map<string, { text?: string; endedAt: number }>();
  const keyOf = ({ source, stream }: { source: Source; stream: Stream }): string =>
    `${source.id} ${stream}`;
  const isNew = (line: LogLine): boolean => {
    const { text, endedAt = 0 } = seen.get(keyOf(line)) ?? {};
    // who shows lines may be told of their end a moment after who writes them
    if (line.text === '' || line.text === text || line.at < endedAt) return false;
    seen.set(keyOf(line), { text: line.text, endedAt });
    return true;
  };
  return {
    ended: (line) => void seen.set(keyOf(line), { endedAt: line.at }),
    async changed(sources) {
      const found = await Promise.all(sources.map(readUnended));
      return found
        .flat()
        .filter(isNew)
        .toSorted((a, b) => a.at - b.at);
    },
  };
}

async function readUnended(source: Source): Promise<LogLine[]> {
  const { directory } = source;
  const bytes = await readFile(join(directory, UNENDED)).catch(() => undefined);
  if (bytes === undefined) return [];
  return framed.decode(bytes, 0).frames.map(({ at, stream, bytes: state }) => ({
    source,
    at,
    stream: streams[stream] ?? 'stdout',
    // of a character that is not whole yet nothing is shown
    text: new TextDecoder().decode(lastStateOf(state), { stream: true }),
    unended: true,
  }));
}
