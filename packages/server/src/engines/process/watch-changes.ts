import { readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** In milliseconds: how often a folder is looked at that cannot be watched. */
const LOOK_EVERY = 250;

/**
 * Calls back with each name in the folder that has changed, until the signal aborts. Who starts applications as
 * an ordinary user shares the kernel's watches with them: where there is none left, it looks from time to time.
 */
export function watchChanges(
  directory: string,
  changed: (name: string) => void,
  signal: AbortSignal,
): void {
  if (!tryToWatch(directory, changed, signal)) void lookUntilWatched(directory, changed, signal);
}

function tryToWatch(
  directory: string,
  changed: (name: string) => void,
  signal: AbortSignal,
): boolean {
  try {
    const watcher = watch(directory, { signal }, (_, name) => {
      if (name !== null) changed(name);
    });
    watcher.on('error', () => {
      watcher.close();
      if (!signal.aborted) void lookUntilWatched(directory, changed, signal);
    });
    return true;
  } catch {
    return false;
  }
}

async function lookUntilWatched(
  directory: string,
  changed: (name: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let known = readTimes(directory);
  for (let watched = false; !watched && !signal.aborted;) {
    await wait(LOOK_EVERY, undefined, { ref: false });
    if (signal.aborted) return;
    watched = tryToWatch(directory, changed, signal);
    const found = readTimes(directory);
    for (const name of changesOf(known, found)) changed(name);
    known = found;
  }
}

/** Names that are new, gone, or of another time. */
export const changesOf = (
  known: ReadonlyMap<string, number>,
  found: ReadonlyMap<string, number>,
): string[] =>
  [...new Set([...known.keys(), ...found.keys()])].filter(
    (name) => known.get(name) !== found.get(name),
  );

function readTimes(directory: string): Map<string, number> {
  const times = new Map<string, number>();
  for (const name of readdirSync(directory)) {
    const found = statSync(join(directory, name), { throwIfNoEntry: false });
    if (found !== undefined) times.set(name, found.ctimeMs);
  }
  return times;
}
