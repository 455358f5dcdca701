import { Refusal } from '../lib/refusal.ts';
import { findFlavor, flavors } from '../scheduling/flavor.ts';
import { MOST_NODES } from './application.ts';
import type { Application } from './application.ts';

/** What an application may hold: what runs, and where scaling by load would end. */
export type Size = Pick<Application, 'flavor' | 'maxFlavor' | 'nodes' | 'maxNodes'>;

type Asked = { [K in keyof Size]?: Size[K] | undefined };

/**
 * The size out of what is asked for. A size that is fixed stays so where one end alone is named.
 * Refuses numbers and flavors that do not exist, and ends of a range in the wrong order.
 */
export function parseSize(asked: Asked, known: Size): Size {
  const [nodes, maxNodes] = rangeOf([asked.nodes, asked.maxNodes], [known.nodes, known.maxNodes]);
  if (parseNodes(nodes) > parseNodes(maxNodes))
    throw new Refusal('invalid', 'The least number of nodes is above the most.', {
      minInstances: `must be at most ${maxNodes}`,
    });
  const [flavor, maxFlavor] = rangeOf(
    [asked.flavor, asked.maxFlavor],
    [known.flavor, known.maxFlavor],
  );
  if (rankOf(flavor) > rankOf(maxFlavor))
    throw new Refusal('invalid', 'The smallest flavor is larger than the largest.', {
      minFlavor: `must not be larger than ${maxFlavor}`,
    });
  return { nodes, maxNodes, flavor, maxFlavor };
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

/** Its place in the price list. Refuses a name that is not there. */
function rankOf(name: string): number {
  const flavor = findFlavor(name);
  if (flavor !== undefined) return flavors.indexOf(flavor);
  throw new Refusal('invalid', `There is no flavor ${JSON.stringify(name)}.`, {
    flavor: `must be one of ${flavors.map((one) => one.name).join(', ')}`,
  });
}
