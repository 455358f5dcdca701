import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Source } from './log.ts';

/**
 * How far a follower is in all sources of an application. Instances that came and went are one entry,
 * the last of them, or the cursor would outgrow the header that brings it back.
 */
export function openPosition(from: string | undefined) {
  const places = new Map(from === undefined ? [] : decodeCursor(from));
  let readTo = [...places].find(([, streams]) => streams.length === 0)?.[0];
  let ahead: string[] = [];
  const over = new Set<string>();
  const read = new Set<string>();
  return {
    /** Those that are not read as a whole; the instances among them in the order they were made. */
    unread(sources: readonly Source[]): Source[] {
      const instances = sources.filter(({ instanceId }) => instanceId !== undefined);
      const behind = instances.findIndex(({ id }) => id === readTo) + 1;
      ahead = instances.slice(behind).map(({ id }) => id);
      for (const { id, over: isOver } of instances) if (isOver === true) over.add(id);
      const done = new Set(instances.slice(0, behind).map(({ id }) => id));
      return sources.filter(({ id }) => !done.has(id) && !read.has(id));
    },
    /** Whether there is nothing in a source any more, and never will be. */
    isRead: (id: string) => read.has(id),
    of: (id: string) => places.get(id),
    moveTo: (id: string, streams: readonly number[]) => places.set(id, streams),
    /** There is nothing new in a source; where it is over, there never will be. */
    hasNoMore(id: string, ended: boolean): void {
      if (ended || over.has(id)) read.add(id);
      while (ahead[0] !== undefined && read.has(ahead[0])) {
        if (readTo !== undefined) places.delete(readTo);
        readTo = ahead.shift() ?? '';
        places.set(readTo, []);
      }
    },
    encode: () => encodeCursor(places),
  };
}

export type Position = ReturnType<typeof openPosition>;
