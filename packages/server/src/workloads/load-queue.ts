import { expectedEnd } from '../scheduling/estimate.ts';
import type { WaitFacts } from '../scheduling/describe-wait.ts';
import { listDevices } from '../devices/device-store.ts';
import { listLeases } from '../devices/lease-store.ts';
import type { KnownDevice } from '../devices/known-device.ts';
import type { Lease } from '../devices/lease.ts';
import { openClasses } from '../devices/flavor-devices.ts';
import type { DeviceClasses } from '../devices/flavor-devices.ts';
import { partitionOf } from '../scheduling/order.ts';
import type { Allocation, Queued } from '../scheduling/plan-queue.ts';
import type { OwnerShare } from '../scheduling/owner-share.ts';
import { listNamedModels } from '../scheduling/flavor-store.ts';
import { capacityOf, withClasses } from '../scheduling/pool.ts';
import type { Pool } from '../scheduling/pool.ts';
import type { Demand, Capacity } from '../scheduling/capacity.ts';
import { choicesOf, take } from '../scheduling/capacity.ts';
import type { OwnerId, WorkloadId } from '../lib/ids.ts';
import type { Reader } from '../store/database.ts';
import { loadShares } from './load-shares.ts';
import { selectAdmitted, selectQueue } from './queue-store.ts';
import type { Admitted } from './queue-store.ts';
import { rulesOf } from './subject.ts';
import type { Workload } from './workload.ts';

/**
 * How many are looked at, in order. Deciding costs the same however many wait behind them; of what is so far
 * behind nothing is known but that it waits.
 */
const DEPTH = 500;

/** Soon: devices that are being proven free, and nothing is known to keep them. */
const FENCED_FOR = 5_000;

/** All that decides who starts. */
export type QueueFacts = {
  now: number;
  pool: Pool;
  classes: DeviceClasses;
  free: Capacity;
  capacity: Capacity;
  allocations: Allocation[];
  /** What owners who are limited may hold, and do. */
  shares: ReadonlyMap<OwnerId, OwnerShare>;
  waiting: readonly Workload[];
  devices: readonly KnownDevice[];
  leases: readonly Lease[];
  driverSilent: boolean;
};

export type QueueDeps = {
  pool: Pool;
  /** What the driver's tool said instead of an answer, or undefined. */
  inventory: { silent(): string | undefined };
};

/** Reads who waits, who holds what, and what is left. */
export async function loadQueue(
  db: Reader,
  { pool, inventory }: QueueDeps,
  now: number,
): Promise<QueueFacts> {
  const admitted = await selectAdmitted(db);
  const shares = await loadShares(db, admitted);
  const [waiting, devices, leases] = [
    await selectQueue(db, DEPTH, [...shares.keys()]),
    await listDevices(db),
    await listLeases(db),
  ];
  const driverSilent = inventory.silent() !== undefined;
  const models = [
    ...(await listNamedModels(db)),
    ...waiting.flatMap((one) => one.deviceClass ?? []),
  ];
  const classes = openClasses(pool.flavorDevices, models, devices);
  const offered = freeDevices({ devices, leases, driverSilent });
  const free = capacityOf(pool, offered, classes);
  const held = whatIsHeld({ devices, leases, classes, pool, now });
  const allocations = admitted.map((one) => toAllocation(one, held));
  for (const { demand, hosts } of allocations) take(free, { ...demand, gpus: 0 }, hosts);
  const fenced = leases.flatMap((lease) => toFenced(lease, held));
  return {
    now,
    pool,
    classes,
    free,
    capacity: capacityOf(pool, devices, classes),
    allocations: [...allocations, ...fenced],
    shares,
    waiting,
    devices,
    leases,
    driverSilent,
  };
}

/** Devices that may be leased now. */
export function freeDevices({
  devices,
  leases,
  driverSilent,
}: Pick<QueueFacts, 'devices' | 'leases' | 'driverSilent'>): KnownDevice[] {
  if (driverSilent) return [];
  const held = new Set(leases.map(({ deviceUuid }) => deviceUuid));
  return devices.filter(({ uuid, health }) => health === 'well' && !held.has(uuid));
}

const demandOfWorkload = ({
  nodes,
  memoryMiB,
  gpus,
  deviceClass,
}: Pick<Workload, 'nodes' | 'memoryMiB' | 'gpus' | 'deviceClass'>): Demand => ({
  nodes,
  memoryMiB,
  gpus,
  deviceClass: deviceClass ?? undefined,
});

/** The partition that it waits in. */
export const partitionOfWorkload = ({
  subjectKind,
  deviceClass,
}: Pick<Workload, 'subjectKind' | 'deviceClass'>): string =>
  partitionOf({ queueClass: rulesOf({ subjectKind }).queueClass, deviceClass });

/** What it asks for, with the classes of devices that are meant now. */
export const demandIn = ({ classes }: Pick<QueueFacts, 'classes'>, workload: Workload): Demand =>
  withClasses(demandOfWorkload(workload), classes);

export const toQueued = (facts: Pick<QueueFacts, 'classes'>, workload: Workload): Queued => ({
  id: workload.id,
  demand: demandIn(facts, workload),
  partition: partitionOfWorkload(workload),
  estimate: workload.estimate ?? undefined,
  owner: workload.ownerId,
});

type Held = Pick<QueueFacts, 'now'> & {
  places: ReadonlyMap<string, number>;
  deviceOf(uuid: string): KnownDevice | undefined;
  /** The class of the devices that a workload holds. */
  classHeld(id: WorkloadId): string | undefined;
  classes: DeviceClasses;
};

function whatIsHeld({
  devices,
  leases,
  classes,
  pool,
  now,
}: Pick<QueueFacts, 'devices' | 'leases' | 'classes' | 'pool' | 'now'>): Held {
  const known = new Map(devices.map((device) => [device.uuid, device]));
  const first = new Map(leases.map(({ workloadId, deviceUuid }) => [workloadId, deviceUuid]));
  const deviceOf = (uuid: string): KnownDevice | undefined => known.get(uuid);
  return {
    now,
    classes,
    deviceOf,
    places: new Map(pool.hosts.map(({ name }, index) => [name, index])),
    classHeld: (id) => {
      const device = deviceOf(first.get(id) ?? '');
      return device === undefined ? undefined : classes.of(device);
    },
  };
}

function toAllocation(one: Admitted, { places, classHeld, now }: Held): Allocation {
  const { admittedAt: startedAt, estimate, maxDuration } = one;
  const limit = maxDuration === null ? {} : { maxDuration };
  const demand = demandOfWorkload(one);
  return {
    id: one.id,
    demand: { ...demand, deviceClass: classHeld(one.id) ?? demand.deviceClass },
    hosts: one.placement.flatMap((name) => places.get(name) ?? []),
    endsAt: estimate === null ? undefined : expectedEnd({ startedAt, estimate, ...limit }, now),
    ...(one.estimateBasis !== null && { basis: one.estimateBasis }),
  };
}

function toFenced(lease: Lease, { deviceOf, places, classes, now }: Held): Allocation[] {
  const device = deviceOf(lease.deviceUuid);
  const host = places.get(device?.host ?? '');
  if (lease.endedAt === null || device === undefined || host === undefined) return [];
  const demand = { nodes: 1, memoryMiB: 0, gpus: 1, deviceClass: classes.of(device) };
  return [{ demand, hosts: [host], endsAt: lease.detail === null ? now + FENCED_FOR : undefined }];
}

/** What an answer to "why does it wait" is made from, for what asks for this. */
export function factsFor(
  { free, capacity, devices, leases, classes, now, driverSilent }: QueueFacts,
  demand: Demand,
): WaitFacts {
  const asked = choicesOf(demand).map(({ deviceClass }) => deviceClass);
  const meant = devices.filter((one) => asked.includes(classes.of(one)));
  const fenced = new Set(
    leases.filter(({ endedAt }) => endedAt !== null).map(({ deviceUuid }) => deviceUuid),
  );
  return {
    free,
    capacity,
    now,
    driverSilent,
    fencing: meant.filter(({ uuid, health }) => health === 'well' && fenced.has(uuid)).length,
    unwell: meant.filter(({ health }) => health !== 'well').length,
  };
}
