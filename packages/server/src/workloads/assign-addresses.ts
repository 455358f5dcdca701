import type { NodeAddresses } from './engine.ts';
import { holdClaim } from '../reconcile/looks.ts';
import type { Claim } from '../reconcile/reconciler.ts';
import type { Database } from '../store/database.ts';
import { selectAddresses, setAddresses } from './address-store.ts';
import { lockPool } from './queue-store.ts';
import { rulesOf } from './subject.ts';
import type { Workload } from './workload.ts';

/** Whether its nodes are to know each other's addresses before they start. */
export const isGang = (workload: Pick<Workload, 'subjectKind' | 'nodes'>): boolean =>
  rulesOf(workload).formsGang && workload.nodes > 1;

/**
 * Chooses an address for each node of a gang, once: of those that its engine offers to its owner, ones that
 * no other gang has. The workload with its addresses.
 */
export const assignAddresses = (
  database: Database,
  claim: Claim,
  { workload, offered }: { workload: Workload; offered: NodeAddresses },
): Promise<Workload> =>
  database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    await lockPool(tx);
    const { ownerId, engine, nodes } = workload;
    const taken = new Set(
      (await selectAddresses(tx, { ownerId, engine })).flatMap((one) => one.addresses),
    );
    const free = offered.addresses.filter((address) => !taken.has(address));
    if (free.length < nodes)
      throw new Error(`only ${free.length} addresses are left on the network of its owner`);
    const addresses = { ...offered, addresses: free.slice(0, nodes) };
    await setAddresses(tx, workload.id, addresses);
    return { ...workload, addresses };
  });
