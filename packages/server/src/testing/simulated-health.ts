import type { Clock } from '../lib/clock.ts';
import type { InstanceId } from '../lib/ids.ts';
import type { Database } from '../store/database.ts';
import { startTimeout } from '../workloads/health.ts';
import { findUnproved, recordHealthy, recordUnhealthy } from '../workloads/watch-health.ts';
import type { Observer } from '../workloads/observe-instance.ts';
import type { TellSubjects } from '../workloads/subject.ts';

export type SimulatedHealth = Observer['health'] & {
  /** Records what becomes of those that are watched, by the clock. */
  prove(): Promise<void>;
  /** When the next one that does not serve is given up. */
  nextDeadline(): number | undefined;
};

type Deps = {
  database: Database;
  clock: Clock;
  subjects: TellSubjects;
  serves(id: InstanceId): boolean;
};

/** Health without connections: whoever serves is healthy at once, whoever does not is given up in time. */
export function simulatedHealth({ database, clock, subjects, serves }: Deps): SimulatedHealth {
  const watched = new Map<InstanceId, number>();
  const proveOne = async (id: InstanceId): Promise<boolean> => {
    const instance = await findUnproved(database, id);
    if (instance === undefined || instance.startedAt === null) return true;
    const deadline = instance.startedAt + startTimeout({}, 0);
    watched.set(id, deadline);
    if (!serves(id) && clock() < deadline) return false;
    const judged = { ...instance, detail: 'Nothing listens.', at: clock() };
    const record = serves(id) ? recordHealthy : recordUnhealthy;
    await database.transaction((tx) => record(tx, subjects, judged));
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
