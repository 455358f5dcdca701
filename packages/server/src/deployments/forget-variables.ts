import type { ApplicationId } from '../lib/ids.ts';
import { forgetRunVariables } from '../runs/forget-run-variables.ts';
import type { Tx } from '../store/database.ts';
import { clearVariables } from './deployment-store.ts';

/** So many rows are emptied in one transaction. */
const AT_A_TIME = 100;

/**
 * What is over keeps no copy of its variables, but for an application's last runs, which may be made once more.
 * False where there is more to forget.
 */
export async function forgetVariables(tx: Tx, id: ApplicationId): Promise<boolean> {
  const { keptSince, forgotten } = await forgetRunVariables(tx, id, AT_A_TIME);
  const ofDeployments = await clearVariables(tx, id, { keptSince, limit: AT_A_TIME });
  return forgotten < AT_A_TIME && ofDeployments < AT_A_TIME;
}
