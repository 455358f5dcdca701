import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { InstanceMeasure } from '../../workloads/engine.ts';
import { listInstanceDirectories } from './observation.ts';
import type { Record } from './observation.ts';
import { readUse } from './read-use.ts';

/** How many are measured before others have their turn. */
const AT_ONCE = 25;

/**
 * Measures what runs below the engine's directory. An instance's record does not change once it is ready,
 * and is read once.
 */
export function createMeasuring(directory: string, boot: string): () => Promise<InstanceMeasure[]> {
  let known = new Map<string, Record>();
  return async () => {
    const ids = listInstanceDirectories(directory);
    const found: InstanceMeasure[] = [];
    const kept = new Map<string, Record>();
    for (const [at, id] of ids.entries()) {
      if (at > 0 && at % AT_ONCE === 0) await nextTurn();
      const home = join(directory, 'instances', id);
      if (existsSync(join(home, 'exit.json'))) continue;
      const record = known.get(id) ?? readRecord(home);
      if (record?.ready !== true || record.boot !== boot) continue;
      kept.set(id, record);
      if (existsSync(`/proc/${record.pid}`)) found.push(measure(home, record));
    }
    known = kept;
    return found;
  };
}

const measure = (home: string, { instanceId, groups, inNetwork }: Record): InstanceMeasure => ({
  instanceId,
  ...readUse({
    groups: groups ?? [],
    sampled: join(home, 'use.json'),
    inNetwork: inNetwork ?? undefined,
  }),
});

function readRecord(home: string): Record | undefined {
  try {
    return JSON.parse(readFileSync(join(home, 'instance.json'), 'utf8')) as Record;
  } catch {
    return undefined;
  }
}
