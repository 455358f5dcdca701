import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { planRemovals } from '../lib/plan-removals.ts';
import type { Stored } from '../lib/plan-removals.ts';
import { segmentNumber } from './segment.ts';

/** Removes the oldest segments of an application's sources until the rest is within the budget. */
export async function keepLogBudget(directory: string, budgetBytes: number): Promise<void> {
  const files: Stored[] = [];
  for (const source of await readdir(directory).catch(() => []))
    files.push(...(await measureSource(join(directory, source))));
  for (const { path } of planRemovals(files, budgetBytes)) await rm(path, { force: true });
}

async function measureSource(directory: string): Promise<Stored[]> {
  const names: string[] = await readdir(directory).catch(() => []);
  const closed = names.includes('closed');
  const segments = names.filter((name) => segmentNumber(name) !== undefined).toSorted();
  const files = segments.map(async (name) => {
    const path = join(directory, name);
    const found = await stat(path).catch(() => undefined);
    const open = !closed && name === segments.at(-1);
    return found && { path, open, bytes: found.size, modifiedAt: found.mtimeMs };
  });
  return (await Promise.all(files)).filter((file) => file !== undefined);
}
