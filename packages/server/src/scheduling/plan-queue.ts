import { choicesOf, copyCapacity, give, lesser, nodesThatFit, place, take } from './capacity.ts';
import { openShares } from './owner-share.ts';
import type { LimitedBy, OwnerShare, Shares } from './owner-share.ts';
import type { EstimateBasis } from '../store/schema.ts';
import type { Demand, HostCapacity, Capacity } from './capacity.ts';

/** Something that waits, in the order in which it is to be looked at. */
export type Queued = {
  id: string;
  demand: Demand;
  /** Of those that ask for the same, the first that does not fit gets a reservation. */
  partition: string;
  /** How long it will hold what it gets, in ms; undefined: until somebody ends it. */
  estimate: number | undefined;
  /** Whose it is, where what its owner may hold is limited. */
  owner?: string;
};

/** What something holds: so much of each of its hosts. */
export type Allocation = {
  id?: string;
  demand: Demand;
  /** The host of each node. */
  hosts: readonly number[];
  /** When it is expected to end; undefined: nobody knows. */
  endsAt: number | undefined;
  /** What that rests on; nothing is said where it is known well enough. */
  basis?: EstimateBasis;
};

/**
 * Who may overtake whom behind the first of a partition that does not fit, and wants of the same. `none`: nobody. `any`: whoever fits.
 * `backfill`: who fits and ends before the first's reservation begins, or leaves alone what that is for.
 */
export type Overtaking = 'none' | 'any' | 'backfill';

export type QueueSituation = {
  /** What nobody holds. */
  free: readonly HostCapacity[];
  allocations: readonly Allocation[];
  queue: readonly Queued[];
  now: number;
  overtaking: Overtaking;
  /** What owners who are limited may hold, and do. */
  shares?: ReadonlyMap<string, OwnerShare>;
};

/** Why one waits: too little is free, what it would take is reserved for `first`, or its owner holds enough. */
export type Blocked = {
  id: string;
  cause: 'no_capacity' | 'reserved' | 'owner_limit';
  /** Which limit of its owner's, where that is the cause. */
  limit?: LimitedBy;
  /** Counted from 1 among those that wait for the same, by whichever name they ask for it. */
  position: number;
  /** The first of its partition, or of the partition whose reservation it would break. */
  first: string;
  /** When its reservation begins, where it has one. */
  startsAt: number | undefined;
};

/** Where something starts, with the devices that it gets where several kinds would do. */
type Start = { id: string; hosts: readonly number[]; demand: Demand };

export type QueuePlan = {
  starts: readonly Start[];
  blocked: readonly Blocked[];
  /** What nobody holds once those have started. */
  free: readonly HostCapacity[];
};

/** The time and the capacity kept for the first of a partition, and what is spare then. */
type Reservation = {
  id: string;
  at: number;
  hosts: readonly number[];
  demand: Demand;
  spare: Capacity;
};

/** A partition of which somebody waits. */
type Partition = {
  name: string;
  first: string;
  /** The classes of devices that would do. */
  classes: readonly string[];
  /** How many wait. */
  length: number;
  /** The first's, where it has one. */
  reservation: Reservation | undefined;
};

type Planning = {
  situation: QueueSituation;
  shares: Shares;
  free: Capacity;
  allocations: Allocation[];
  partitions: Partition[];
};

/**
 * EASY backfill (Lifka 1995, "The ANL/IBM SP Scheduling System"), by partition: what fits starts, in order. The
 * first of each partition that does not gets a reservation for the time at which enough will have ended; whoever
 * comes after the first starts only where its reservation is kept. Partitions overlap where two names mean some of
 * the same devices, such as any GPU and those of a model.
 */
export function planQueue(situation: QueueSituation): QueuePlan {
  const planning: Planning = {
    situation,
    shares: openShares(situation.shares),
    free: copyCapacity(situation.free),
    allocations: [...situation.allocations],
    partitions: [],
  };
  const starts: Start[] = [];
  const blocked: Blocked[] = [];
  for (const entry of situation.queue) {
    const limit = planning.shares.limitOf(entry);
    if (limit !== undefined) {
      blocked.push(held(planning, entry, limit));
      continue;
    }
    const found = findPlace(planning, entry);
    if (typeof found === 'object') {
      starts.push({ id: entry.id, ...found });
      start(planning, { ...entry, demand: found.demand }, found.hosts);
      continue;
    }
    blocked.push(block(planning, entry, found));
  }
  return { starts, blocked, free: planning.free };
}

/** Its owner holds enough: it is nobody's first, and gets no reservation. */
const held = (planning: Planning, entry: Queued, limit: LimitedBy): Blocked => ({
  id: entry.id,
  cause: 'owner_limit',
  limit,
  position: countAhead(planning, entry) + 1,
  first: entry.id,
  startsAt: undefined,
});

const countAhead = (planning: Planning, entry: Queued): number =>
  waitingForSame(planning, entry).reduce((sum, { length }) => sum + length, 0);

/** The partitions of which somebody waits for some of the same. */
function waitingForSame({ partitions }: Planning, { partition, demand }: Queued): Partition[] {
  const wanted = classesOf(demand);
  return partitions.filter(
    ({ name, classes }) => name === partition || wanted.some((one) => classes.includes(one)),
  );
}

const classesOf = (demand: Demand): string[] =>
  choicesOf(demand).flatMap(({ deviceClass }) => deviceClass ?? []);

const reservationsOf = ({ partitions }: Planning): Reservation[] =>
  partitions.flatMap(({ reservation }) => reservation ?? []);

/** The first kind of devices that lets it start now; else whose reservation stands in the way, if one does. */
function findPlace(planning: Planning, entry: Queued): Omit<Start, 'id'> | string | undefined {
  let breaks: string | undefined;
  for (const demand of choicesOf(entry.demand)) {
    const hosts = findHosts(planning, { ...entry, demand });
    if (Array.isArray(hosts)) return { demand, hosts };
    breaks ??= hosts;
  }
  return breaks;
}

/** Where its nodes go now; else whose reservation stands in the way, or undefined where too little is free. */
function findHosts(planning: Planning, entry: Queued): number[] | string | undefined {
  const { free, situation } = planning;
  if (!mayFit(free, entry.demand)) return undefined;
  const ahead = waitingForSame(planning, entry);
  if (situation.overtaking === 'none' && ahead.length > 0) return ahead[0]?.first;
  const hosts = place(free, entry.demand);
  if (hosts === undefined) return undefined;
  if (isEndless(situation, entry)) {
    const waiting = ahead.find(({ reservation }) => reservation === undefined);
    if (waiting !== undefined) return waiting.first;
  }
  const later = reservationsOf(planning).filter(({ at }) => !endsBy(situation.now, entry, at));
  if (later.every(({ spare }) => leaves(spare, entry.demand, hosts))) return hosts;
  const left = later.reduce((capacity, { spare }) => lesser(capacity, spare), free);
  return place(left, entry.demand) ?? later[0]?.id;
}

/** A first look, which most that wait do not pass: whether all hosts together hold its nodes. */
function mayFit(free: readonly HostCapacity[], demand: Demand): boolean {
  let found = 0;
  for (const host of free) {
    found += nodesThatFit(host, demand);
    if (found >= demand.nodes) return true;
  }
  return false;
}

const endsBy = (now: number, { estimate }: Queued, at: number): boolean =>
  estimate !== undefined && now + estimate <= at;

const leaves = (
  spare: readonly HostCapacity[],
  demand: Demand,
  hosts: readonly number[],
): boolean => {
  const needed = Map.groupBy(hosts, (index) => index);
  return [...needed].every(([index, nodes]) => {
    const host = spare[index];
    return host !== undefined && nodesThatFit(host, demand) >= nodes.length;
  });
};

/** Where nobody knows when a first starts, what ends may go ahead of it, what does not may not. */
const isEndless = ({ overtaking }: QueueSituation, { estimate }: Queued): boolean =>
  overtaking === 'backfill' && estimate === undefined;

function start(planning: Planning, entry: Queued, hosts: readonly number[]): void {
  const { free, allocations, situation, shares } = planning;
  take(free, entry.demand, hosts);
  shares.spend(entry);
  for (const { at, spare } of reservationsOf(planning))
    if (!endsBy(situation.now, entry, at)) take(spare, entry.demand, hosts);
  const endsAt = entry.estimate === undefined ? undefined : situation.now + entry.estimate;
  allocations.push({ demand: entry.demand, hosts, endsAt });
}

function block(planning: Planning, entry: Queued, breaks: string | undefined): Blocked {
  const { partitions } = planning;
  const position = countAhead(planning, entry) + 1;
  const known = partitions.find(({ name }) => name === entry.partition);
  const partition = known ?? openPartition(planning, entry);
  if (known === undefined) partitions.push(partition);
  partition.length += 1;
  return {
    id: entry.id,
    cause: breaks === undefined ? 'no_capacity' : 'reserved',
    position,
    first: breaks ?? partition.first,
    startsAt: known === undefined ? partition.reservation?.at : undefined,
  };
}

const openPartition = (planning: Planning, entry: Queued): Partition => ({
  name: entry.partition,
  first: entry.id,
  classes: classesOf(entry.demand),
  length: 0,
  reservation:
    planning.situation.overtaking === 'backfill' ? reserveEarliest(planning, entry) : undefined,
});

/** Of the kinds of devices that would do, the one that comes first. */
const reserveEarliest = (planning: Planning, entry: Queued): Reservation | undefined =>
  choicesOf(entry.demand)
    .flatMap((demand) => reserve(planning, { ...entry, demand }) ?? [])
    .toSorted((a, b) => a.at - b.at)[0];

/**
 * The earliest time at which all its nodes fit, as ends are expected, and what is spare then; or
 * undefined where too much is held by what nobody knows the end of. Reservations of other partitions are kept.
 */
function reserve(planning: Planning, entry: Queued): Reservation | undefined {
  const { free, allocations, situation } = planning;
  const capacity = copyCapacity(free);
  const ends = allocations.filter(({ endsAt }) => endsAt !== undefined);
  for (const other of reservationsOf(planning)) take(capacity, other.demand, other.hosts);
  ends.sort((a, b) => (a.endsAt ?? 0) - (b.endsAt ?? 0));
  const { demand } = entry;
  let fits = capacity.reduce((sum, host) => sum + nodesThatFit(host, demand), 0);
  for (const [index, { hosts, endsAt = 0, demand: held }] of ends.entries()) {
    for (const host of hosts) {
      fits -= nodesOn(capacity, host, demand);
      give(capacity, held, [host]);
      fits += nodesOn(capacity, host, demand);
    }
    const more = ends[index + 1]?.endsAt === endsAt;
    if (more || fits < demand.nodes) continue;
    const chosen = place(capacity, demand) ?? [];
    take(capacity, demand, chosen);
    return {
      id: entry.id,
      at: Math.max(endsAt, situation.now),
      hosts: chosen,
      demand,
      spare: capacity,
    };
  }
  return undefined;
}

const nodesOn = (capacity: Capacity, index: number, demand: Demand): number => {
  const host = capacity[index];
  return host === undefined ? 0 : nodesThatFit(host, demand);
};
