import { expectedEnd } from './estimate.ts';
import { planQueue } from './plan-queue.ts';
import type { Allocation, Overtaking, Queued } from './plan-queue.ts';
import { copyCapacity, give, take } from './capacity.ts';
import type { HostCapacity, Capacity } from './capacity.ts';

/** Something that comes at a time, and holds what it gets so long; undefined: for ever. */
export type Arrival = { at: number; entry: Queued; duration: number | undefined };

export type Simulated = { startsAt: number; hosts: readonly number[] };

type Running = { entry: Queued; hosts: readonly number[]; startedAt: number; endsAt: number };

type World = {
  now: number;
  free: Capacity;
  /** What held something at the beginning. */
  former: Allocation[];
  running: Running[];
  waiting: Arrival[];
  coming: Arrival[];
  started: Map<string, Simulated>;
  overtaking: Overtaking;
};

/**
 * What the queue would do, by the code that decides for real, in virtual time: when each starts, and where.
 * What is not in the answer never starts. Arrivals are looked at in the order in which they are given.
 */
export function simulate(situation: {
  now: number;
  free: readonly HostCapacity[];
  allocations: readonly Allocation[];
  arrivals: readonly Arrival[];
  overtaking: Overtaking;
}): ReadonlyMap<string, Simulated> {
  const world: World = {
    now: situation.now,
    free: copyCapacity(situation.free),
    former: [...situation.allocations],
    running: [],
    waiting: [],
    coming: situation.arrivals.toSorted((a, b) => a.at - b.at),
    started: new Map(),
    overtaking: situation.overtaking,
  };
  for (let next: number | undefined = world.now; next !== undefined; next = nextChange(world)) {
    world.now = Math.max(world.now, next);
    if (changes(world)) decide(world);
  }
  return world.started;
}

/** Whether anything ended or came by now, which it brings about. */
function changes(world: World): boolean {
  const { now, free } = world;
  const ended = world.running.filter(({ endsAt }) => endsAt <= now);
  for (const { entry, hosts } of ended) give(free, entry.demand, hosts);
  world.running = world.running.filter(({ endsAt }) => endsAt > now);
  const gone = world.former.filter(({ endsAt = Infinity }) => endsAt <= now);
  for (const { demand, hosts } of gone) give(free, demand, hosts);
  world.former = world.former.filter(({ endsAt = Infinity }) => endsAt > now);
  const come = world.coming.findIndex(({ at }) => at > now);
  const arrived = world.coming.splice(0, come === -1 ? world.coming.length : come);
  world.waiting.push(...arrived);
  return ended.length + gone.length + arrived.length > 0;
}

function decide(world: World): void {
  const { now, waiting, running, former, free, overtaking } = world;
  if (waiting.length === 0) return;
  const allocations = [
    ...former,
    ...running.map(({ entry, hosts, startedAt }): Allocation => {
      const { demand, estimate } = entry;
      const endsAt = estimate === undefined ? undefined : expectedEnd({ startedAt, estimate }, now);
      return { demand, hosts, endsAt };
    }),
  ];
  const queue = waiting.map(({ entry }) => entry);
  const plan = planQueue({ now, free, allocations, queue, overtaking });
  const starts = new Map(plan.starts.map((one) => [one.id, one]));
  if (starts.size === 0) return;
  for (const { entry, duration } of waiting) {
    const { hosts, demand } = starts.get(entry.id) ?? {};
    if (hosts === undefined || demand === undefined) continue;
    take(free, demand, hosts);
    const endsAt = now + (duration ?? Infinity);
    running.push({ entry: { ...entry, demand }, hosts, startedAt: now, endsAt });
    world.started.set(entry.id, { startsAt: now, hosts });
  }
  world.waiting = waiting.filter(({ entry }) => !starts.has(entry.id));
}

function nextChange({ running, former, coming, waiting }: World): number | undefined {
  if (coming.length === 0 && waiting.length === 0) return undefined;
  const next = Math.min(
    coming[0]?.at ?? Infinity,
    ...running.map(({ endsAt }) => endsAt),
    ...former.map(({ endsAt = Infinity }) => endsAt),
  );
  return Number.isFinite(next) ? next : undefined;
}
