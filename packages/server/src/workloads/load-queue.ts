import { expectedEnd } from '../scheduling/estimate.ts';
import type { WaitFacts } from '../scheduling/describe-wait.ts';
import { listDevices } from '../devices/device-store.ts';
import { listLeases } from '../devices/lease-store.ts';
import type { KnownDevice } from '../devices/known-device.ts';
import type { Lease } from '../devices/lease.ts';
import { classOf } from '../devices/flavor-devices.ts';
import { partitionOf } from '../scheduling/order.ts';
import type { Allocation, Queued } from '../scheduling/plan-queue.ts';
import type { OwnerShare } from '../scheduling/owner-share.ts';
import { capacityOf } from '../scheduling/pool.ts';
import type { Pool } from '../scheduling/pool.ts';
import type { Demand, Capacity } from '../scheduling/capacity.ts';
import { take } from '../scheduling/capacity.ts';
import type { OwnerId } from '../lib/ids.ts';
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
  const offered = freeDevices({ devices, leases, driverSilent });
  const free = capacityOf(pool, offered);
  const places = new Map(pool.hosts.map(({ name }, index) => [name, index]));
  const allocations = admitted.map((one) => toAllocation(one, places, now));
  for (const { demand, hosts } of allocations) take(free, { ...demand, gpus: 0 }, hosts);
  const fenced = leases.flatMap((lease) => toFenced(lease, { devices, places, pool, now }));
  return {
    now,
    pool,
    free,
    capacity: capacityOf(pool, devices),
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

export const demandOfWorkload = ({
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

export const toQueued = (workload: Workload): Queued => ({
  id: workload.id,
  demand: demandOfWorkload(workload),
  partition: partitionOfWorkload(workload),
  estimate: workload.estimate ?? undefined,
  owner: workload.ownerId,
});

function toAllocation(one: Admitted, places: ReadonlyMap<string, number>, now: number): Allocation {
  const { admittedAt: startedAt, estimate, maxDuration } = one;
  const limit = maxDuration === null ? {} : { maxDuration };
  return {
    id: one.id,
    demand: demandOfWorkload(one),
    hosts: one.placement.flatMap((name) => places.get(name) ?? []),
    endsAt: estimate === null ? undefined : expectedEnd({ startedAt, estimate, ...limit }, now),
    ...(one.estimateBasis !== null && { basis: one.estimateBasis }),
  };
}

function toFenced(
  lease: Lease,
  {
    devices,
    places,
    pool,
    now,
  }: Pick<QueueFacts, 'devices' | 'pool' | 'now'> & { places: ReadonlyMap<string, number> },
): Allocation[] {
  const device = devices.find(({ uuid }) => uuid === lease.deviceUuid);
  const host = places.get(device?.host ?? '');
  if (lease.endedAt === null || device === undefined || host === undefined) return [];
  const deviceClass = classOf(device, pool.flavorDevices);
  const demand = { nodes: 1, memoryMiB: 0, gpus: 1, deviceClass };
  return [{ demand, hosts: [host], endsAt: lease.detail === null ? now + FENCED_FOR : undefined }];
}

/** What an answer to "why does it wait" is made from, for what waits for devices of this class. */
export function factsFor(
  { free, capacity, devices, leases, pool, now, driverSilent }: QueueFacts,
  deviceClass: string | undefined,
): WaitFacts {
  const ofClass = devices.filter(
    (one) => classOf(one, pool.flavorDevices) === (deviceClass ?? undefined),
  );
  const fenced = new Set(
    leases.filter(({ endedAt }) => endedAt !== null).map(({ deviceUuid }) => deviceUuid),
  );
  return {
    free,
    capacity,
    now,
    driverSilent,
    fencing: ofClass.filter(({ uuid, health }) => health === 'well' && fenced.has(uuid)).length,
    unwell: ofClass.filter(({ health }) => health !== 'well').length,
  };
}
