import type { EngineName, NodeAddresses } from './engine.ts';
import type { OwnerId, WorkloadId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';

/** The addresses of everything of an owner's that an engine still keeps. */
export async function selectAddresses(
  db: Reader,
  of: { ownerId: OwnerId; engine: EngineName },
): Promise<NodeAddresses[]> {
  const rows = await db
    .selectFrom('workloads')
    .select('addresses')
    .where('state', '=', 'admitted')
    .where('ownerId', '=', of.ownerId)
    .where('engine', '=', of.engine)
    .where('addresses', 'is not', null)
    .execute();
  return rows.flatMap(({ addresses }) => addresses ?? []);
}

export const setAddresses = (tx: Tx, id: WorkloadId, addresses: NodeAddresses) =>
  tx.updateTable('workloads').set({ addresses }).where('id', '=', id).execute();
