import type { OwnerId } from '../lib/ids.ts';
import { findFlavor } from '../scheduling/flavor-store.ts';
import type { Tx } from '../store/database.ts';
import { demandNoMore } from './demand-room.ts';

/** Refuses a size that its owner could not hold if nothing else of theirs ran: it would wait for ever. */
export async function demandShare(
  tx: Tx,
  of: OwnerId,
  { flavor, nodes }: { flavor: string; nodes: number },
): Promise<void> {
  const { memoryMiB = 0, gpus = 0 } = (await findFlavor(tx, flavor)) ?? {};
  await demandNoMore(tx, 'memory', { of, adding: memoryMiB * nodes });
  await demandNoMore(tx, 'gpus', { of, adding: gpus * nodes });
}
