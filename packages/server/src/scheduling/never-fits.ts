import { Refusal } from '../lib/refusal.ts';
import type { Pool } from './admission.ts';
import { findFlavor, flavors } from './flavor.ts';
import type { Flavor } from './flavor.ts';

/**
 * Refuses a size that this machine can never hold, with the nearest that it can.
 * `gpus` is how many devices the operator mapped.
 */
export function refuseWhatNeverFits(
  { pool, gpus }: { pool: Pool; gpus: number },
  wanted: { flavor: string; nodes: number },
): void {
  const flavor = findFlavor(wanted.flavor);
  if (flavor === undefined)
    throw new Refusal('invalid', `There is no flavor ${wanted.flavor}.`, {
      flavor: `must be one of ${flavors.map(({ name }) => name).join(', ')}`,
    });
  const fits = (one: Flavor, nodes: number) =>
    one.memoryMiB * nodes <= pool.memoryMiB && one.gpus * nodes <= gpus;
  if (fits(flavor, wanted.nodes)) return;
  const nearest = nearestThatFits(fits, wanted.nodes, flavor);
  throw new Refusal(
    'never_fits',
    `${wanted.nodes} × ${flavor.name} (${flavor.memoryMiB} MiB${flavor.gpus > 0 ? `, ${flavor.gpus} GPU` : ''} each) never fits on this machine, which has ${pool.memoryMiB} MiB and ${gpus} GPUs to give. ${nearest}`,
    { flavor: nearest },
  );
}

function nearestThatFits(
  fits: (flavor: Flavor, nodes: number) => boolean,
  nodes: number,
  wanted: Flavor,
): string {
  const distance = ({ memoryMiB }: Flavor): number => Math.abs(memoryMiB - wanted.memoryMiB);
  const smaller = flavors
    .filter((one) => one.memoryMiB < wanted.memoryMiB || one.gpus < wanted.gpus)
    .toSorted((a, b) => b.gpus - a.gpus || distance(a) - distance(b))
    .find((one) => fits(one, nodes));
  if (smaller !== undefined) return `The nearest that fits is ${nodes} × ${smaller.name}.`;
  const one = flavors.find((flavor) => fits(flavor, 1));
  return one === undefined ? 'Nothing fits.' : `Ask for fewer nodes: 1 × ${one.name} fits.`;
}
