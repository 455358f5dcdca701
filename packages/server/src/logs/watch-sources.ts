import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { dirname } from 'node:path';

/** How often files are looked at that nobody tells of, and for safety those that somebody does. */
const UNTOLD = 500;
const TOLD = 5_000;

/** Wakes a follower when one of its sources grows, when there may be new ones, or when it is wanted. */
export function watchSources(signals: readonly AbortSignal[]) {
  const watchers = new Map<string, FSWatcher>();
  let wake: (() => void) | undefined;
  let changed = false;
  let mayBeMore = true;
  let isTold = false;
  const look = (): void => {
    changed = true;
    wake?.();
  };
  const lookForMore = (): void => {
    mayBeMore = true;
    look();
  };
  /** Whether it is watched. One that is not made yet, or cannot be watched, is tried again at the next look. */
  const watchFolder = (directory: string, listener: () => void): boolean => {
    if (watchers.has(directory)) return true;
    try {
      watchers.set(directory, watch(directory, listener).on('error', listener));
      look();
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' && watchers.has(dirname(directory));
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
      const told = [
        ...[...parents].map((directory) => watchFolder(directory, lookForMore)),
        ...directories.map((directory) => watchFolder(directory, look)),
      ];
      isTold = told.every(Boolean);
    },
    /** Whether sources may have come since this was asked last. */
    takeNews(): boolean {
      const news = mayBeMore;
      mayBeMore = false;
      return news;
    },
    async untilChanged(): Promise<void> {
      const timer = setTimeout(look, isTold ? TOLD : UNTOLD);
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
