import type { Tx } from '../store/database.ts';
import type { Flavor } from './flavor.ts';
import { findFlavor, holdFlavors, listFlavors } from './flavor-store.ts';
import { noFlavor } from './never-fits.ts';

/** The size of this name, which nobody deletes until the transaction's end. Refuses a name that is not there. */
export async function useFlavor(tx: Tx, name: string): Promise<Flavor> {
  await holdFlavors(tx);
  const flavor = await findFlavor(tx, name);
  if (flavor === undefined) throw noFlavor(name, await listFlavors(tx));
  return flavor;
}
