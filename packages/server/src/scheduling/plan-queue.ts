import { copyRoom, give, lesser, nodesThatFit, place, take } from './room.ts';
import { openShares } from './owner-share.ts';
import type { LimitedBy, OwnerShare, Shares } from './owner-share.ts';
import type { Demand, HostRoom, Room } from './room.ts';

/** Something that waits, in the order in which it is to be looked at. */
export type Queued = {
  id: string;
  demand: Demand;
  /** Who waits in the same line waits for the same devices; of each line the first is promised its time. */
  line: string;
  /** How long it will hold what it gets, in ms; undefined: until somebody ends it. */
  estimate: number | undefined;
  /** Whose it is, where what its owner may hold is limited. */
  owner?: string;
};

/** Something that holds room. */
export type Holder = {
  id?: string;
  demand: Demand;
  /** The host of each node. */
  hosts: readonly number[];
  /** When it is expected to end; undefined: nobody knows. */
  endsAt: number | undefined;
};

/**
 * Who may overtake whom behind the first of a line that has no room. `none`: nobody. `any`: whoever fits.
 * `backfill`: who fits and ends before the first's time, or leaves alone what it needs then.
 */
export type Overtaking = 'none' | 'any' | 'backfill';

export type QueueSituation = {
  /** What nobody holds. */
  free: readonly HostRoom[];
  holders: readonly Holder[];
  queue: readonly Queued[];
  now: number;
  overtaking: Overtaking;
  /** What owners who are limited may hold, and do. */
  shares?: ReadonlyMap<string, OwnerShare>;
};

/** Why one waits: it has no room, what it would take is promised to `first`, or its owner holds enough. */
export type Blocked = {
  id: string;
  cause: 'no_room' | 'promised' | 'owner_limit';
  /** Which limit of its owner's, where that is the cause. */
  limit?: LimitedBy;
  /** Counted from 1 within its line. */
  position: number;
  /** The first of its line, or of the line whose promise it would break. */
  first: string;
  /** When it starts, where a time was promised. */
  startsAt: number | undefined;
};

export type QueuePlan = {
  starts: readonly { id: string; hosts: readonly number[] }[];
  blocked: readonly Blocked[];
  /** What nobody holds once those have started. */
  free: readonly HostRoom[];
};

type Promised = { id: string; at: number; hosts: readonly number[]; demand: Demand; spare: Room };

type Planning = {
  situation: QueueSituation;
  shares: Shares;
  free: Room;
  holders: Holder[];
  promises: Map<string, Promised | undefined>;
  firsts: Map<string, string>;
};

/**
 * EASY backfill (Lifka 1995, "The ANL/IBM SP Scheduling System"), by line: what fits starts, in order. The
 * first of each line that does not is promised the time at which enough will have ended; whoever comes
 * after it starts only where that promise is kept.
 */
export function planQueue(situation: QueueSituation): QueuePlan {
  const planning: Planning = {
    situation,
    shares: openShares(situation.shares),
    free: copyRoom(situation.free),
    holders: [...situation.holders],
    promises: new Map(),
    firsts: new Map(),
  };
  const starts: { id: string; hosts: readonly number[] }[] = [];
  const blocked: Blocked[] = [];
  const positions = new Map<string, number>();
  for (const entry of situation.queue) {
    const limit = planning.shares.limitOf(entry);
    if (limit !== undefined) {
      const position = (positions.get(entry.line) ?? 0) + 1;
      blocked.push({ ...held(entry, limit), position });
      continue;
    }
    const hosts = findHosts(planning, entry);
    if (Array.isArray(hosts)) {
      starts.push({ id: entry.id, hosts });
      start(planning, entry, hosts);
      continue;
    }
    const position = (positions.get(entry.line) ?? 0) + 1;
    positions.set(entry.line, position);
    blocked.push(block(planning, entry, { position, breaks: hosts }));
  }
  return { starts, blocked, free: planning.free };
}

/** Its owner holds enough: it is nobody's first, and is promised nothing. */
const held = ({ id }: Queued, limit: LimitedBy): Omit<Blocked, 'position'> => ({
  id,
  cause: 'owner_limit',
  limit,
  first: id,
  startsAt: undefined,
});

/** Where its nodes go now; else whose promise stands in the way, or undefined where there is no room. */
function findHosts(planning: Planning, entry: Queued): number[] | string | undefined {
  const { free, firsts, promises, situation } = planning;
  if (!mayFit(free, entry.demand)) return undefined;
  const first = firsts.get(entry.line);
  if (first !== undefined && situation.overtaking === 'none') return first;
  const hosts = place(free, entry.demand);
  if (hosts === undefined) return undefined;
  if (waitsForEndless(planning, entry)) return first;
  const later = [...promises.values()].filter(
    (promise): promise is Promised =>
      promise !== undefined && !endsBy(situation.now, entry, promise.at),
  );
  if (later.every(({ spare }) => leaves(spare, entry.demand, hosts))) return hosts;
  const left = later.reduce((room, { spare }) => lesser(room, spare), free);
  return place(left, entry.demand) ?? later[0]?.id;
}

/** A first look, which most that wait do not pass: whether all hosts together have a node's room. */
function mayFit(free: readonly HostRoom[], demand: Demand): boolean {
  let found = 0;
  for (const host of free) {
    found += nodesThatFit(host, demand);
    if (found >= demand.nodes) return true;
  }
  return false;
}

const endsBy = (now: number, { estimate }: Queued, at: number): boolean =>
  estimate !== undefined && now + estimate <= at;

const leaves = (spare: readonly HostRoom[], demand: Demand, hosts: readonly number[]): boolean => {
  const needed = Map.groupBy(hosts, (index) => index);
  return [...needed].every(([index, nodes]) => {
    const host = spare[index];
    return host !== undefined && nodesThatFit(host, demand) >= nodes.length;
  });
};

/** Nobody knows when the first of its line starts: what ends may go ahead of it, what does not may not. */
const waitsForEndless = ({ firsts, promises, situation }: Planning, entry: Queued): boolean =>
  situation.overtaking === 'backfill' &&
  entry.estimate === undefined &&
  firsts.has(entry.line) &&
  promises.get(entry.line) === undefined;

function start(planning: Planning, entry: Queued, hosts: readonly number[]): void {
  const { free, holders, promises, situation, shares } = planning;
  take(free, entry.demand, hosts);
  shares.spend(entry);
  for (const promise of promises.values())
    if (promise !== undefined && !endsBy(situation.now, entry, promise.at))
      take(promise.spare, entry.demand, hosts);
  const endsAt = entry.estimate === undefined ? undefined : situation.now + entry.estimate;
  holders.push({ demand: entry.demand, hosts, endsAt });
}

function block(
  planning: Planning,
  entry: Queued,
  { position, breaks }: { position: number; breaks: string | undefined },
): Blocked {
  const { firsts, promises, situation } = planning;
  const known = firsts.get(entry.line);
  if (known === undefined) {
    firsts.set(entry.line, entry.id);
    if (situation.overtaking === 'backfill') promises.set(entry.line, promise(planning, entry));
  }
  return {
    id: entry.id,
    cause: breaks === undefined ? 'no_room' : 'promised',
    position,
    first: breaks ?? known ?? entry.id,
    startsAt: known === undefined ? promises.get(entry.line)?.at : undefined,
  };
}

/**
 * The earliest time at which all its nodes have room, as ends are expected, and what is spare then; or
 * undefined where too much is held by what nobody knows the end of. Promises to other lines are kept.
 */
function promise(
  { free, holders, promises, situation }: Planning,
  entry: Queued,
): Promised | undefined {
  const room = copyRoom(free);
  const ends = holders.filter(({ endsAt }) => endsAt !== undefined);
  for (const other of promises.values())
    if (other !== undefined) take(room, other.demand, other.hosts);
  ends.sort((a, b) => (a.endsAt ?? 0) - (b.endsAt ?? 0));
  const { demand } = entry;
  let fits = room.reduce((sum, host) => sum + nodesThatFit(host, demand), 0);
  for (const [index, { hosts, endsAt = 0, demand: held }] of ends.entries()) {
    for (const host of hosts) {
      fits -= nodesOn(room, host, demand);
      give(room, held, [host]);
      fits += nodesOn(room, host, demand);
    }
    const more = ends[index + 1]?.endsAt === endsAt;
    if (more || fits < demand.nodes) continue;
    const chosen = place(room, demand) ?? [];
    take(room, demand, chosen);
    return {
      id: entry.id,
      at: Math.max(endsAt, situation.now),
      hosts: chosen,
      demand,
      spare: room,
    };
  }
  return undefined;
}

const nodesOn = (room: Room, index: number, demand: Demand): number => {
  const host = room[index];
  return host === undefined ? 0 : nodesThatFit(host, demand);
};
