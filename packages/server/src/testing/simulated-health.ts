import type { Clock } from '../lib/clock.ts';
import type { InstanceId } from '../lib/ids.ts';
import type { Database } from '../store/database.ts';
import { startTimeout } from '../workloads/health.ts';
import { findUnproved, recordHealthy, recordUnhealthy } from '../workloads/watch-health.ts';
import type { Observer } from '../workloads/observe-instance.ts';

export type SimulatedHealth = Observer['health'] & {
  /** Records what becomes of those that are watched, by the clock. */
  prove(): Promise<void>;
  /** When the next one that does not serve is given up. */
  nextDeadline(): number | undefined;
};

type Deps = { database: Database; clock: Clock; serves(id: InstanceId): boolean };

/** Health without connections: whoever serves is healthy at once, whoever does not is given up in time. */
export function simulatedHealth({ database, clock, serves }: Deps): SimulatedHealth {
  const watched = new Map<InstanceId, number>();
  const proveOne = async (id: InstanceId): Promise<boolean> => {
    const instance = await findUnproved(database, id);
    if (instance === undefined || instance.startedAt === null) return true;
    const deadline = instance.startedAt + startTimeout({}, 0);
    watched.set(id, deadline);
    if (serves(id)) await recordHealthy(database, instance, clock());
    else if (clock() < deadline) return false;
    else await recordUnhealthy(database, instance, { detail: 'Nothing listens.', at: clock() });
    return true;
  };
  return {
    watch: (id) => void watched.set(id, watched.get(id) ?? Number.POSITIVE_INFINITY),
    async prove() {
      for (const id of watched.keys()) if (await proveOne(id)) watched.delete(id);
    },
    nextDeadline: () => (watched.size === 0 ? undefined : Math.min(...watched.values())),
  };
}
