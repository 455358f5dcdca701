import { Refusal } from '../lib/refusal.ts';
import { openClasses } from '../devices/flavor-devices.ts';
import type { DeviceClasses } from '../devices/flavor-devices.ts';
import type { Reader } from '../store/database.ts';
import { canonicalName } from './flavor.ts';
import type { Flavor } from './flavor.ts';
import { listFlavors } from './flavor-store.ts';
import { capacityOf, demandOf, withClasses } from './pool.ts';
import type { Pool, PooledDevice } from './pool.ts';
import { choicesOf, devicesFor, fitsIn, memoryIn } from './capacity.ts';
import type { Demand, Capacity } from './capacity.ts';

/** Everything that there is, whoever holds it and however it is. */
export type Whole = { pool: Pool; devices: readonly PooledDevice[] };

/** The platform when it is empty, and what of its sizes it can hold then. */
export type EmptyPlatform = {
  flavors: readonly Flavor[];
  capacity: Capacity;
  demandOf(flavor: Flavor, nodes: number): Demand;
  fits(flavor: Flavor, nodes: number): boolean;
};

export function openEmpty({ pool, devices }: Whole, flavors: readonly Flavor[]): EmptyPlatform {
  const models = flavors.flatMap(({ deviceModel }) => deviceModel ?? []);
  const classes: DeviceClasses = openClasses(pool.flavorDevices, models, devices);
  const capacity = capacityOf(pool, devices, classes);
  const demandFor = (flavor: Flavor, nodes: number): Demand =>
    withClasses(demandOf(flavor, nodes, pool), classes);
  return {
    flavors,
    capacity,
    demandOf: demandFor,
    fits: (flavor, nodes) => everFits(capacity, demandFor(flavor, nodes)),
  };
}

/** The same with the sizes that there are now. */
export const loadEmpty = async (db: Reader, whole: Whole): Promise<EmptyPlatform> =>
  openEmpty(whole, await listFlavors(db));

/** Whether all its nodes would fit if nobody else held anything. */
export const everFits = (capacity: Capacity, demand: Demand): boolean =>
  (demand.gpus === 0 || demand.deviceClass !== undefined) &&
  choicesOf(demand).some((one) => fitsIn(capacity, one));

/** Refuses a size that this platform can never hold, with the nearest that it can. */
export function refuseWhatNeverFits(
  platform: EmptyPlatform,
  wanted: { flavor: string; nodes: number },
): void {
  const { flavors, fits, capacity } = platform;
  const flavor = flavors.find(({ name }) => name === canonicalName(wanted.flavor));
  if (flavor === undefined) throw noFlavor(wanted.flavor, flavors);
  if (fits(flavor, wanted.nodes)) return;
  const nearest = nearestThatFits(platform, wanted.nodes, flavor);
  const what = describeDemand(flavor, platform.demandOf(flavor, wanted.nodes));
  throw new Refusal(
    'never_fits',
    `${what} never fits here: there are ${describeCapacity(capacity, platform.demandOf(flavor, 1))} to give. ${nearest}`,
    { flavor: nearest },
  );
}

export const noFlavor = (name: string, flavors: readonly Flavor[]): Refusal =>
  new Refusal('invalid', `There is no flavor ${JSON.stringify(name)}.`, {
    flavor: `must be one of ${flavors.map((one) => one.name).join(', ')}`,
  });

function describeDemand({ name, memoryMiB }: Flavor, { nodes, gpus, deviceClass }: Demand): string {
  const devices = gpus === 0 ? '' : `, ${gpus} ${nameOfClass(deviceClass)}`;
  return `${nodes} × ${name} (${memoryMiB} MiB${devices} each)`;
}

/** What users read of a class of devices. */
export const nameOfClass = (deviceClass: string | null | undefined): string =>
  deviceClass === 'gpu' || deviceClass === null || deviceClass === undefined
    ? 'GPU'
    : `GPU ${deviceClass}`;

function describeCapacity(capacity: Capacity, demand: Demand): string {
  const memory = `${memoryIn(capacity)} MiB`;
  if (demand.gpus === 0) return memory;
  if (demand.deviceClass === undefined)
    return `${memory} and no devices that the operator mapped to it`;
  return `${memory} and ${devicesFor(capacity, demand)} × ${nameOfClass(demand.deviceClass)}`;
}

/** GPUs where GPUs were asked for, and none where none were: fewer nodes of its kind sooner than another kind. */
function nearestThatFits(platform: EmptyPlatform, nodes: number, wanted: Flavor): string {
  const { flavors, fits } = platform;
  const isAlike = ({ gpus }: Flavor): boolean => gpus > 0 === wanted.gpus > 0;
  const sorted = byDistance(platform, wanted);
  const alike = firstThatFits(platform, sorted.filter(isAlike), nodes);
  const isAsked = alike?.nodes === nodes || wanted.gpus > 0;
  if (alike !== undefined && isAsked) return `The nearest that fits is ${spell(alike)}.`;
  const one = flavors.filter(isAlike).find((flavor) => fits(flavor, 1));
  if (one !== undefined) return `Ask for fewer nodes: 1 × ${one.name} fits.`;
  const other = firstThatFits(platform, sorted, nodes);
  if (other === undefined) return 'Nothing fits.';
  const kind = wanted.gpus > 0 ? 'No size with GPUs fits' : 'Only sizes with GPUs fit';
  return `${kind}; the nearest that fits is ${spell(other)}.`;
}

const spell = ({ nodes, name }: { nodes: number; name: string }): string => `${nodes} × ${name}`;

/** The first of which so many nodes fit; where none is so small, as many as fit of the one before all others. */
function firstThatFits(
  { fits }: EmptyPlatform,
  flavors: readonly Flavor[],
  nodes: number,
): { nodes: number; name: string } | undefined {
  const found = flavors.find((one) => fits(one, nodes));
  if (found !== undefined) return { nodes, name: found.name };
  const one = flavors.find((flavor) => fits(flavor, 1));
  if (one === undefined) return undefined;
  let most = 1;
  while (most < nodes && fits(one, most + 1)) most++;
  return { nodes: most, name: one.name };
}

/** Those with GPUs of the same model first; then as many GPUs, or as near as may be; then the memory that is nearest. */
function byDistance({ flavors, demandOf: demandFor }: EmptyPlatform, wanted: Flavor): Flavor[] {
  const { deviceClass } = demandFor(wanted, 1);
  const gpus = (one: Flavor): number => Math.abs(one.gpus - wanted.gpus);
  const model = (one: Flavor): number => Number(demandFor(one, 1).deviceClass !== deviceClass);
  const memory = (one: Flavor): number => Math.abs(one.memoryMiB - wanted.memoryMiB);
  return flavors.toSorted(
    (a, b) => model(a) - model(b) || gpus(a) - gpus(b) || memory(a) - memory(b),
  );
}
