import type { Kysely } from 'kysely';
import { expectedEnd } from '../scheduling/estimate.ts';
import type { WaitFacts } from '../scheduling/describe-wait.ts';
import { listDevices, listLeases } from '../devices/devices.ts';
import type { KnownDevice, Lease } from '../devices/devices.ts';
import { classOf } from '../devices/flavor-devices.ts';
import { lineOf } from '../scheduling/order.ts';
import type { Holder, Queued } from '../scheduling/plan-queue.ts';
import type { OwnerShare } from '../scheduling/owner-share.ts';
import { roomOf } from '../scheduling/pool.ts';
import type { Pool } from '../scheduling/pool.ts';
import type { Demand, Room } from '../scheduling/room.ts';
import { take } from '../scheduling/room.ts';
import type { Schema } from '../store/schema.ts';
import type { OwnerId } from '../lib/ids.ts';
import { loadShares } from './load-shares.ts';
import { selectHolding, selectQueue } from './queue-store.ts';
import type { Holding } from './queue-store.ts';
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
  free: Room;
  capacity: Room;
  holders: Holder[];
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
  db: Kysely<Schema>,
  { pool, inventory }: QueueDeps,
  now: number,
): Promise<QueueFacts> {
  const holding = await selectHolding(db);
  const shares = await loadShares(db, holding);
  const [waiting, devices, leases] = [
    await selectQueue(db, DEPTH, [...shares.keys()]),
    await listDevices(db),
    await listLeases(db),
  ];
  const driverSilent = inventory.silent() !== undefined;
  const offered = freeDevices({ devices, leases, driverSilent });
  const free = roomOf(pool, offered);
  const places = new Map(pool.hosts.map(({ name }, index) => [name, index]));
  const holders = holding.map((one) => toHolder(one, places, now));
  for (const { demand, hosts } of holders) take(free, { ...demand, gpus: 0 }, hosts);
  const fenced = leases.flatMap((lease) => toFenced(lease, { devices, places, pool, now }));
  return {
    now,
    pool,
    free,
    capacity: roomOf(pool, devices),
    holders: [...holders, ...fenced],
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

/** The line that it waits in. */
export const lineOfWorkload = ({
  subjectKind,
  deviceClass,
}: Pick<Workload, 'subjectKind' | 'deviceClass'>): string =>
  lineOf({ queueClass: rulesOf({ subjectKind }).queueClass, deviceClass });

export const toQueued = (workload: Workload): Queued => ({
  id: workload.id,
  demand: demandOfWorkload(workload),
  line: lineOfWorkload(workload),
  estimate: workload.estimate ?? undefined,
  owner: workload.ownerId,
});

function toHolder(one: Holding, places: ReadonlyMap<string, number>, now: number): Holder {
  const { admittedAt: startedAt, estimate, maxDuration } = one;
  const limit = maxDuration === null ? {} : { maxDuration };
  return {
    id: one.id,
    demand: demandOfWorkload(one),
    hosts: one.placement.flatMap((name) => places.get(name) ?? []),
    endsAt: estimate === null ? undefined : expectedEnd({ startedAt, estimate, ...limit }, now),
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
): Holder[] {
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
