import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WorkloadId } from '../../lib/ids.ts';
import { listInstanceDirectories, readSeen } from './observation.ts';
import type { Seen } from './observation.ts';

/** How many are read before others have their turn. */
const AT_ONCE = 25;

/** What is on disk of instances. */
export type InstanceIndex = {
  /** Of one instance; undefined where there is nothing. */
  see(id: string): Seen | undefined;
  seeAll(): Promise<Seen[]>;
  seeOf(workloadId: WorkloadId): Seen[];
};

/**
 * Reads instances below the engine's directory. Whose an instance is never changes: it is remembered, so that
 * a look at one workload does not read the records of all others.
 */
export function createInstanceIndex(directory: string, boot: string): InstanceIndex {
  const owners = new Map<string, WorkloadId>();
  const see = (id: string): Seen | undefined => readSeen(join(directory, 'instances', id), boot);
  function look(ids: readonly string[]): Seen[] {
    const found = ids.flatMap((id) => see(id) ?? []);
    for (const { record } of found) owners.set(record.instanceId, record.workloadId);
    return found;
  }
  function list(): string[] {
    const ids = listInstanceDirectories(directory);
    const there = new Set(ids);
    for (const id of owners.keys()) if (!there.has(id)) owners.delete(id);
    return ids;
  }
  return {
    see,
    async seeAll() {
      const found: Seen[] = [];
      const ids = list();
      for (let at = 0; at < ids.length; at += AT_ONCE) {
        found.push(...look(ids.slice(at, at + AT_ONCE)));
        await nextTurn();
      }
      return found;
    },
    seeOf(workloadId) {
      const possible = list().filter((id) => (owners.get(id) ?? workloadId) === workloadId);
      return look(possible).filter(({ record }) => record.workloadId === workloadId);
    },
  };
}
