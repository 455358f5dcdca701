import type { OwnerId } from '../lib/ids.ts';
import { valueOf } from '../limits/limit.ts';
import { listSetLimits } from '../limits/limit-store.ts';
import { heldBy } from '../scheduling/owner-share.ts';
import type { OwnerShare } from '../scheduling/owner-share.ts';
import type { Reader } from '../store/database.ts';
import { selectAdmitted, selectWaitingOwners } from './queue-store.ts';
import type { Admitted } from './queue-store.ts';

/** What owners may hold at once, and do, of those whom an operator has limited; nobody is by default. */
export async function loadShares(
  db: Reader,
  admitted: readonly Admitted[],
): Promise<ReadonlyMap<OwnerId, OwnerShare>> {
  const set = (await listSetLimits(db)).filter(({ name }) => name === 'memory' || name === 'gpus');
  if (set.length === 0) return new Map();
  const named = [...new Set(set.flatMap(({ ownerId }) => ownerId ?? []))];
  const isForAll = set.some(({ ownerId }) => ownerId === undefined);
  const owners = isForAll ? [...new Set([...named, ...(await selectWaitingOwners(db))])] : named;
  const value = (name: 'memory' | 'gpus', of: OwnerId): number | null => {
    const ofName = set.filter((one) => one.name === name);
    const find = (id: OwnerId | undefined) => ofName.find(({ ownerId }) => ownerId === id)?.value;
    return valueOf(name, { own: find(of), all: find(undefined) });
  };
  return new Map(
    owners.map((id) => [
      id,
      {
        most: { memoryMiB: value('memory', id), gpus: value('gpus', id) },
        held: heldBy(admitted.filter(({ ownerId }) => ownerId === id)),
      },
    ]),
  );
}

/** What the owner holds now, by the names of the limits. */
export async function countHeld(
  db: Reader,
  ownerId: OwnerId,
): Promise<{ memory: number; gpus: number }> {
  const admitted = await selectAdmitted(db);
  const { memoryMiB, gpus } = heldBy(admitted.filter((one) => one.ownerId === ownerId));
  return { memory: memoryMiB, gpus };
}
