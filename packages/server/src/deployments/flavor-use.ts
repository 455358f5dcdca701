import { countSized } from '../applications/application-store.ts';
import { countUnfinishedOf } from '../runs/run-store.ts';
import type { FlavorUse } from '../scheduling/change-flavors.ts';
import type { Reader } from '../store/database.ts';
import { countServing } from '../workloads/workload-store.ts';

/** Who has a size now, or will start in it. */
export const flavorUse = async (db: Reader, flavor: string): Promise<FlavorUse> => ({
  applications: await countSized(db, flavor),
  runs: await countUnfinishedOf(db, flavor),
  workloads: await countServing(db, flavor),
});
