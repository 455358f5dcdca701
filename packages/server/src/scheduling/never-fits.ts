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
