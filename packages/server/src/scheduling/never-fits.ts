import { Refusal } from '../lib/refusal.ts';
import { findFlavor, flavors } from './flavor.ts';
import type { Flavor } from './flavor.ts';
import { demandOf, capacityOf } from './pool.ts';
import type { Pool, PooledDevice } from './pool.ts';
import { devicesIn, fitsIn, memoryIn } from './capacity.ts';
import type { Demand, Capacity } from './capacity.ts';

/** Everything that there is, whoever holds it and however it is. */
type Inventory = { pool: Pool; devices: readonly PooledDevice[] };

/** Whether all its nodes would fit if nobody else held anything. */
export const everFits = (capacity: Capacity, demand: Demand): boolean =>
  (demand.gpus === 0 || demand.deviceClass !== undefined) && fitsIn(capacity, demand);

/** Refuses a size that this platform can never hold, with the nearest that it can. */
export function refuseWhatNeverFits(
  { pool, devices }: Inventory,
  wanted: { flavor: string; nodes: number },
): void {
  const flavor = findFlavor(wanted.flavor);
  if (flavor === undefined)
    throw new Refusal('invalid', `There is no flavor ${wanted.flavor}.`, {
      flavor: `must be one of ${flavors.map(({ name }) => name).join(', ')}`,
    });
  const capacity = capacityOf(pool, devices);
  const fits = (one: Flavor, nodes: number) => everFits(capacity, demandOf(one, nodes, pool));
  if (fits(flavor, wanted.nodes)) return;
  const nearest = nearestThatFits(fits, wanted.nodes, flavor);
  const what = describeDemand(flavor, wanted.nodes, pool);
  throw new Refusal(
    'never_fits',
    `${what} never fits here: there are ${describeCapacity(capacity, demandOf(flavor, 1, pool))} to give. ${nearest}`,
    { flavor: nearest },
  );
}

function describeDemand(flavor: Flavor, nodes: number, pool: Pool): string {
  const { gpus, deviceClass } = demandOf(flavor, nodes, pool);
  const devices = gpus === 0 ? '' : `, ${gpus} ${nameOfClass(deviceClass)}`;
  return `${nodes} × ${flavor.name} (${flavor.memoryMiB} MiB${devices} each)`;
}

/** What users read of a class of devices. */
export const nameOfClass = (deviceClass: string | null | undefined): string =>
  deviceClass === 'gpu' || deviceClass === null || deviceClass === undefined
    ? 'GPU'
    : `GPU ${deviceClass}`;

function describeCapacity(capacity: Capacity, { gpus, deviceClass }: Demand): string {
  const memory = `${memoryIn(capacity)} MiB`;
  if (gpus === 0) return memory;
  if (deviceClass === undefined) return `${memory} and no devices that the operator mapped to it`;
  return `${memory} and ${devicesIn(capacity, deviceClass)} × ${nameOfClass(deviceClass)}`;
}

/** GPUs where GPUs were asked for, and none where none were: fewer nodes of its kind sooner than another kind. */
function nearestThatFits(
  fits: (flavor: Flavor, nodes: number) => boolean,
  nodes: number,
  wanted: Flavor,
): string {
  const asksForGpus = wanted.gpus > 0;
  const isAlike = ({ gpus }: Flavor): boolean => gpus > 0 === asksForGpus;
  const alike = byDistance(wanted, flavors.filter(isAlike));
  const nearest = alike.find((one) => fits(one, nodes));
  if (nearest !== undefined) return `The nearest that fits is ${nodes} × ${nearest.name}.`;
  const one = (asksForGpus ? alike : flavors.filter(isAlike)).find((flavor) => fits(flavor, 1));
  if (one !== undefined) return `Ask for fewer nodes: 1 × ${one.name} fits.`;
  const others = byDistance(
    wanted,
    flavors.filter((flavor) => !isAlike(flavor)),
  );
  const count = others.some((flavor) => fits(flavor, nodes)) ? nodes : 1;
  const other = others.find((flavor) => fits(flavor, count));
  if (other === undefined) return 'Nothing fits.';
  const kind = asksForGpus ? 'No size with GPUs fits' : 'Only sizes with GPUs fit';
  return `${kind}; the nearest that fits is ${count} × ${other.name}.`;
}

/** As many GPUs as are wanted, or the next fewer; then the memory that is nearest, the lesser of two. */
function byDistance(wanted: Flavor, known: readonly Flavor[]): Flavor[] {
  const gpus = (one: Flavor): number => Math.abs(one.gpus - wanted.gpus);
  const memory = (one: Flavor): number => Math.abs(one.memoryMiB - wanted.memoryMiB);
  return known.toSorted((a, b) => gpus(a) - gpus(b) || memory(a) - memory(b));
}
