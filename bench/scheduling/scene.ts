import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../packages/server/src/lib/clock.ts';
import type { WorkloadId } from '../../packages/server/src/lib/ids.ts';
import type { Database, Tx } from '../../packages/server/src/store/database.ts';
import { migrate } from '../../packages/server/src/store/migrate.ts';
import { openFrail } from '../../packages/server/src/testing/life.ts';
import { addDevices, finish, openOrders } from '../../packages/server/src/testing/queue-rows.ts';
import { withWorld } from '../../packages/server/src/testing/world.ts';
import { cleanUpAfter } from '../clean-up.ts';

/** A platform's queue with nothing behind it: who is admitted starts nowhere. */
export type Scene = {
  database: Database;
  /** A run of a size, to be inserted. */
  workload: Awaited<ReturnType<typeof openOrders>>;
  /** Calls back with those admitted that it has not named yet, after the commit that admitted them. */
  onAdmitted(listener: (ids: readonly WorkloadId[]) => void): void;
  /** The workload is over and its devices are proven free, which asks for a look at the queue. */
  end(tx: Tx, id: WorkloadId): Promise<void>;
};

const clock = systemClock;

/** Gives `use` a world in which only the queue is looked at, with as many simulated devices on each host. */
export const withScene = <T>(
  { hosts, gpusOfEach }: { hosts: number; gpusOfEach: number },
  use: (scene: Scene) => Promise<T>,
): Promise<T> =>
  cleanUpAfter(async (later) => {
    const folder = mkdtempSync(join(tmpdir(), 'grid-bench-'));
    later(() => rmSync(folder, { recursive: true, force: true }));
    const database = openFrail({ path: join(folder, 'grid.db') });
    later(() => database.close());
    await migrate(database, { now: clock() });
    const names = Array.from({ length: hosts }, (_, index) => `host-${index}`);
    await addDevices(database, names, { ofEach: gpusOfEach, at: clock() });
    const scene: Scene = {
      database,
      workload: await openOrders(database),
      onAdmitted: (listener) => watchAdmitted(database, listener),
      end: (tx, id) => finish(tx, id, clock()),
    };
    const room = names.map((name) => ({ name, memoryMiB: 1_048_576 }));
    return withWorld(database, { clock, hosts: room, looks: ['queue'] }, () => use(scene));
  });

function watchAdmitted(database: Database, listener: (ids: readonly WorkloadId[]) => void): void {
  const seen = new Set<WorkloadId>();
  const look = async (): Promise<void> => {
    const admitted = database.read.selectFrom('workloads').select('id');
    const rows = await admitted.where('state', '=', 'admitted').execute();
    const ids = rows.map(({ id }) => id).filter((id) => !seen.has(id));
    for (const id of ids) seen.add(id);
    if (ids.length > 0) listener(ids);
  };
  database.afterCommit(() => void look());
}
