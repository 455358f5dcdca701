import type { ApplicationId } from '../lib/ids.ts';
import { findOldestKept, forgetRunVariables } from '../runs/find-run.ts';
import type { Tx } from '../store/database.ts';
import { clearVariables } from './deployment-store.ts';

/** So many rows are emptied in one transaction. */
const AT_A_TIME = 100;

/**
 * What is over keeps no copy of its variables, but for an application's last runs, which may be made once more.
 * False where there is more to forget.
 */
export async function forgetVariables(tx: Tx, id: ApplicationId): Promise<boolean> {
  const within = { keptSince: (await findOldestKept(tx, id)) ?? 0, limit: AT_A_TIME };
  const ofRuns = await forgetRunVariables(tx, id, within);
  const ofDeployments = await clearVariables(tx, id, within);
  return ofRuns < AT_A_TIME && ofDeployments < AT_A_TIME;
}
