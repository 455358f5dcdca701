import { Refusal } from '../lib/refusal.ts';
import { canonicalName, compareSizes } from '../scheduling/flavor.ts';
import type { Flavor } from '../scheduling/flavor.ts';
import { noFlavor } from '../scheduling/never-fits.ts';
import { useFlavor } from '../scheduling/use-flavors.ts';
import type { Tx } from '../store/database.ts';
import { MOST_NODES } from './application.ts';
import type { Application } from './application.ts';

/** What an application may hold: what runs, and where scaling by load would end. */
export type Size = Pick<Application, 'flavor' | 'maxFlavor' | 'nodes' | 'maxNodes'>;

type Asked = { [K in keyof Size]?: Size[K] | undefined };

/**
 * The size out of what is asked for. A size that is fixed stays so where one end alone is named.
 * Refuses numbers and flavors that do not exist, and ends of a range in the wrong order.
 */
export function parseSize(asked: Asked, known: Size, flavors: readonly Flavor[]): Size {
  const [nodes, maxNodes] = rangeOf([asked.nodes, asked.maxNodes], [known.nodes, known.maxNodes]);
  if (parseNodes(nodes) > parseNodes(maxNodes))
    throw new Refusal('invalid', 'The least number of nodes is above the most.', {
      minInstances: `must be at most ${maxNodes}`,
    });
  const [flavor, maxFlavor] = rangeOf(
    [asked.flavor, asked.maxFlavor],
    [known.flavor, known.maxFlavor],
  );
  const [least, most] = [requireFlavor(flavor, flavors), requireFlavor(maxFlavor, flavors)];
  const isAsked = asked.flavor !== undefined || asked.maxFlavor !== undefined;
  if (isAsked && compareSizes(least, most) > 0)
    throw new Refusal('invalid', 'The smallest flavor is larger than the largest.', {
      minFlavor: `must not be larger than ${maxFlavor}`,
    });
  return { nodes, maxNodes, flavor: least.name, maxFlavor: most.name };
}

function rangeOf<T>(
  [from, to]: readonly [T | undefined, T | undefined],
  [least, most]: readonly [T, T],
): [T, T] {
  const fixed = least === most;
  return [from ?? (fixed ? to : undefined) ?? least, to ?? (fixed ? from : undefined) ?? most];
}

function parseNodes(nodes: number): number {
  if (Number.isInteger(nodes) && nodes >= 1 && nodes <= MOST_NODES) return nodes;
  throw new Refusal('invalid', `The number of nodes must be 1 to ${MOST_NODES}.`, {
    nodes: `must be a whole number, 1 to ${MOST_NODES}`,
  });
}

/** Refuses a name that is not there. */
function requireFlavor(name: string, flavors: readonly Flavor[]): Flavor {
  const flavor = flavors.find((one) => one.name === canonicalName(name));
  if (flavor === undefined) throw noFlavor(name, flavors);
  return flavor;
}

/** Refuses sizes that are not there; until the transaction's end nobody deletes those that are. */
export async function requireFlavors(
  tx: Tx,
  {
    flavor,
    maxFlavor,
    buildFlavor,
  }: Pick<Application, 'flavor' | 'maxFlavor'> & { buildFlavor?: string | null | undefined },
): Promise<void> {
  for (const name of new Set([flavor, maxFlavor, buildFlavor]))
    if (typeof name === 'string') await useFlavor(tx, name);
}
