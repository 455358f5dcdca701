import { askForLook } from '../reconcile/looks.ts';
import type { Tx } from '../store/database.ts';
import { setInstancesGone } from './instance-store.ts';
import { updateWantedGone } from './workload-store.ts';

/** From now on the workloads of `of` and their instances are to be ended and forgotten. */
export async function wantGone(
  tx: Tx,
  of: Parameters<typeof updateWantedGone>[1],
  at: number,
): Promise<void> {
  for (const id of await updateWantedGone(tx, of)) {
    await setInstancesGone(tx, id);
    await askForLook(tx, 'workload', id, at);
  }
}
