import { countSized } from '../applications/application-store.ts';
import { countUnfinishedOf } from '../runs/run-store.ts';
import type { FlavorUse } from '../scheduling/change-flavors.ts';
import { namesOf } from '../scheduling/flavor.ts';
import type { Reader } from '../store/database.ts';
import { countServing } from '../workloads/workload-store.ts';

/** Who has a size now, or will start in it. */
export async function flavorUse(db: Reader, flavor: string): Promise<FlavorUse> {
  const names = namesOf(flavor);
  return {
    applications: await countSized(db, names),
    runs: await countUnfinishedOf(db, names),
    workloads: await countServing(db, names),
  };
}
