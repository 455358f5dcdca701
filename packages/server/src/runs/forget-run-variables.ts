import type { ApplicationId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import { clearRunVariables, findOldestKept } from './run-store.ts';

/**
 * Of an application's runs that are over only the last keep their variables, since they may be made once more: since
 * when those came, and how many of the others, `limit` at most, have forgotten theirs.
 */
export async function forgetRunVariables(
  tx: Tx,
  id: ApplicationId,
  limit: number,
): Promise<{ keptSince: number; forgotten: number }> {
  const keptSince = (await findOldestKept(tx, id)) ?? 0;
  return { keptSince, forgotten: await clearRunVariables(tx, id, { keptSince, limit }) };
}
