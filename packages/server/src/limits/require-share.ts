import type { OwnerId } from '../lib/ids.ts';
import { findFlavor } from '../scheduling/flavor-store.ts';
import type { Tx } from '../store/database.ts';
import { requireNoMore } from './require-room.ts';

/** Refuses a size that its owner could not hold if nothing else of theirs ran: it would wait for ever. */
export async function requireShare(
  tx: Tx,
  of: OwnerId,
  { flavor, nodes }: { flavor: string; nodes: number },
): Promise<void> {
  const { memoryMiB = 0, gpus = 0 } = (await findFlavor(tx, flavor)) ?? {};
  await requireNoMore(tx, 'memory', { of, adding: memoryMiB * nodes });
  await requireNoMore(tx, 'gpus', { of, adding: gpus * nodes });
}
