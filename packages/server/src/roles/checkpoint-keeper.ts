import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DAY, HOUR } from '../lib/duration.ts';
import { parseId } from '../lib/ids.ts';
import { removeTree } from '../lib/remove-tree.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import { listApplicationIds } from '../applications/application-store.ts';
import { findRunById } from '../runs/run-store.ts';
import type { Foundation } from './foundation.ts';

/** How long what a run kept is there after its end, for whoever wants to see how far it came. */
const KEPT_FOR = 7 * DAY;

/** Removes what runs kept that were over long ago, or that nobody knows. */
export const checkpointKeeper =
  ({ database, paths, clock }: Pick<Foundation, 'database' | 'paths' | 'clock'>): Reconciler =>
  async (_claim, signal) => {
    for (const id of await listApplicationIds(database.read))
      for (const name of await namesIn(paths.applicationRuns(id))) {
        if (signal.aborted) break;
        if (!(await isKept(name))) await removeTree(join(paths.applicationRuns(id), name));
      }
    return clock() + HOUR;

    async function isKept(name: string): Promise<boolean> {
      const id = parseId('run', name);
      const run = id === undefined ? undefined : await findRunById(database.read, id);
      if (run === undefined) return false;
      return run.finishedAt === null || run.finishedAt > clock() - KEPT_FOR;
    }
  };

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
