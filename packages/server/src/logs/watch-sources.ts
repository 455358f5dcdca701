import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { dirname } from 'node:path';

/** How often a follower looks without being woken: what changes wakes it. */
const LOOK_EVERY = 500;

/** Wakes a follower when one of its sources grows, when there may be new ones, or when it is wanted. */
export function watchSources(signals: readonly AbortSignal[]) {
  const watchers = new Map<string, FSWatcher>();
  let wake: (() => void) | undefined;
  let changed = false;
  let mayBeMore = true;
  const look = (): void => {
    changed = true;
    wake?.();
  };
  const lookForMore = (): void => {
    mayBeMore = true;
    look();
  };
  const watchFolder = (directory: string, listener: () => void): void => {
    if (watchers.has(directory)) return;
    try {
      watchers.set(directory, watch(directory, listener).on('error', listener));
      look();
    } catch {
      // not made yet: it is tried again at the next look
    }
  };
  for (const signal of signals) signal.addEventListener('abort', look, { once: true });
  return {
    lookForMore,
    /** Watches these, and those no more that are not among them. */
    watch(directories: readonly string[]): void {
      const parents = new Set(directories.map((directory) => dirname(directory)));
      const wanted = new Set([...parents, ...directories]);
      for (const [directory, watcher] of watchers)
        if (!wanted.has(directory) && watchers.delete(directory)) watcher.close();
      for (const directory of parents) watchFolder(directory, lookForMore);
      for (const directory of directories) watchFolder(directory, look);
    },
    /** Whether sources may have come since this was asked last. */
    takeNews(): boolean {
      const news = mayBeMore;
      mayBeMore = false;
      return news;
    },
    async untilChanged(): Promise<void> {
      const timer = setTimeout(lookForMore, LOOK_EVERY);
      if (!changed) await new Promise<void>((resolve) => (wake = resolve));
      clearTimeout(timer);
      changed = false;
      wake = undefined;
    },
    close(): void {
      for (const watcher of watchers.values()) watcher.close();
      for (const signal of signals) signal.removeEventListener('abort', look);
    },
  };
}
