import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { everFits } from './never-fits.ts';
import { planQueue } from './plan-queue.ts';
import type { Allocation, Overtaking } from './plan-queue.ts';
import { copyCapacity, place, take } from './capacity.ts';
import type { Demand, HostCapacity, Capacity } from './capacity.ts';
import { simulate } from './simulate.ts';
import type { Arrival, Simulated } from './simulate.ts';

const policies: readonly Overtaking[] = ['none', 'any', 'backfill'];

type Case = { capacity: Capacity; allocations: Allocation[]; arrivals: Arrival[] };

const demands = fc
  .record({
    nodes: fc.integer({ min: 1, max: 3 }),
    memoryMiB: fc.integer({ min: 1, max: 4 }),
    gpus: fc.nat(4),
  })
  .map((one): Demand => ({ ...one, deviceClass: one.gpus === 0 ? undefined : 'h100' }));

const hosts = fc.array(
  fc
    .record({ memoryMiB: fc.nat(16), h100: fc.nat(8) })
    .map(({ memoryMiB, h100 }): HostCapacity => ({ memoryMiB, devices: { h100 } })),
  { minLength: 1, maxLength: 4 },
);

const times = { at: fc.nat(60), duration: fc.integer({ min: 1, max: 40 }) };

/** What comes to a platform that holds it when it is empty; estimates are off by this factor. */
const casesWith = (errors: fc.Arbitrary<number>): fc.Arbitrary<Case> =>
  fc
    .record({
      capacity: hosts,
      held: fc.array(fc.record({ demand: demands, endsAt: fc.integer({ min: 1, max: 50 }) }), {
        maxLength: 4,
      }),
      coming: fc.array(fc.record({ ...times, demand: demands, error: errors }), { maxLength: 14 }),
    })
    .map(({ capacity, held, coming }): Case => {
      const free = copyCapacity(capacity);
      const allocations = held.flatMap(({ demand, endsAt }): Allocation[] => {
        const where = place(free, demand);
        if (where === undefined) return [];
        take(free, demand, where);
        return [{ demand, hosts: where, endsAt }];
      });
      const arrivals = coming
        .filter(({ demand }) => everFits(capacity, demand))
        .map(({ at, duration, demand, error }, index): Arrival => {
          const estimate = Math.max(1, Math.round(duration * error));
          const partition = demand.deviceClass ?? 'cpu';
          return { at, duration, entry: { id: String(index), partition, estimate, demand } };
        });
      return { capacity, allocations, arrivals };
    });

const exact = casesWith(fc.constant(1));
const guessed = casesWith(fc.double({ min: 0.1, max: 10, noNaN: true }));
const policy = fc.constantFrom(...policies);

function toSimulate({ capacity, allocations, arrivals }: Case, overtaking: Overtaking) {
  const free = copyCapacity(capacity);
  for (const { demand, hosts: where } of allocations) take(free, demand, where);
  return { now: 0, free, allocations, arrivals, overtaking };
}

const run = (situation: Case, overtaking: Overtaking): ReadonlyMap<string, Simulated> =>
  simulate(toSimulate(situation, overtaking));

const startOf = (started: ReadonlyMap<string, Simulated>, { entry }: Arrival): Simulated =>
  started.get(entry.id) ?? assert.fail(`${entry.id} never started`);

const endOf = (started: ReadonlyMap<string, Simulated>, one: Arrival): number =>
  startOf(started, one).startsAt + (one.duration ?? Infinity);

/** What is free at a time, once what ends then has ended and what starts then has started. */
function freeAt(
  { capacity, allocations, arrivals }: Case,
  started: ReadonlyMap<string, Simulated>,
  at: number,
): Capacity {
  const free = copyCapacity(capacity);
  for (const { demand, hosts: where, endsAt = Infinity } of allocations)
    if (endsAt > at) take(free, demand, where);
  for (const one of arrivals) {
    const { startsAt, hosts: where } = startOf(started, one);
    if (startsAt <= at && endOf(started, one) > at) take(free, one.entry.demand, where);
  }
  return free;
}

/** Whatever had a reservation at that moment. */
function reservedAt(situation: Case, started: ReadonlyMap<string, Simulated>, now: number) {
  const running = situation.arrivals.filter(
    (one) => startOf(started, one).startsAt <= now && endOf(started, one) > now,
  );
  const allocations = [
    ...situation.allocations.filter(({ endsAt = Infinity }) => endsAt > now),
    ...running.map((one): Allocation => {
      const { demand } = one.entry;
      return { demand, hosts: startOf(started, one).hosts, endsAt: endOf(started, one) };
    }),
  ];
  const queue = situation.arrivals
    .filter((one) => one.at <= now && startOf(started, one).startsAt > now)
    .toSorted((a, b) => a.at - b.at)
    .map(({ entry }) => entry);
  const free = freeAt(situation, started, now);
  return planQueue({ now, free, allocations, queue, overtaking: 'backfill' }).blocked.flatMap(
    ({ id, startsAt }) => (startsAt === undefined ? [] : { id, startsAt }),
  );
}

test('where estimates are right, nobody starts later than any reservation of its own', () => {
  fc.assert(
    fc.property(exact, ({ arrivals, ...rest }) => {
      const inOne = arrivals.map((one) => ({ ...one, entry: { ...one.entry, partition: 'all' } }));
      const situation = { ...rest, arrivals: inOne };
      const started = run(situation, 'backfill');
      for (const now of new Set(arrivals.flatMap((one) => [one.at, endOf(started, one)])))
        for (const { id, startsAt } of reservedAt(situation, started, now)) {
          const came = started.get(id)?.startsAt ?? Infinity;
          assert.ok(
            came <= startsAt,
            `${id} had a reservation for ${startsAt} at ${now}, and came ${came}`,
          );
        }
    }),
    { numRuns: 1_000 },
  );
});

test('everything that ever fits starts once, never before it comes, and gangs start whole', () => {
  fc.assert(
    fc.property(guessed, policy, (situation, overtaking) => {
      const started = run(situation, overtaking);
      assert.equal(started.size, situation.arrivals.length);
      for (const one of situation.arrivals) {
        const { startsAt, hosts: where } = startOf(started, one);
        assert.ok(startsAt >= one.at);
        assert.equal(where.length, one.entry.demand.nodes);
      }
    }),
  );
});

test('never is more held than there is', () => {
  fc.assert(
    fc.property(guessed, policy, (situation, overtaking) => {
      const started = run(situation, overtaking);
      for (const { startsAt } of started.values())
        for (const { memoryMiB, devices } of freeAt(situation, started, startsAt))
          assert.ok(memoryMiB >= 0 && Object.values(devices).every((one) => one >= 0));
    }),
  );
});

test('the same comes of the same, and what is given is left as it was', () => {
  fc.assert(
    fc.property(guessed, policy, (situation, overtaking) => {
      const given = toSimulate(situation, overtaking);
      const before = structuredClone(given);
      const first = simulate(given);
      assert.deepEqual(given, before);
      assert.deepEqual(simulate(given), first);
    }),
  );
});

test('where all fit, everything starts as it comes, whoever may overtake whom', () => {
  fc.assert(
    fc.property(guessed, (situation) => {
      const vast = { ...situation, capacity: [{ memoryMiB: 1_000, devices: { h100: 1_000 } }] };
      const [none, any, backfill] = policies.map((one) => run({ ...vast, allocations: [] }, one));
      assert.deepEqual(any, none);
      assert.deepEqual(backfill, none);
      for (const one of vast.arrivals)
        assert.equal(startOf(none ?? new Map(), one).startsAt, one.at);
    }),
  );
});

test('what is wide starts when its reservation says, however much that is narrow keeps coming', () => {
  const gpus = (count: number): Demand => ({
    nodes: 1,
    memoryMiB: 0,
    gpus: count,
    deviceClass: 'h100',
  });
  const arrival = (id: string, at: number, count: number): Arrival => ({
    at,
    duration: 10,
    entry: { id, partition: 'h100', estimate: 10, demand: gpus(count) },
  });
  const narrow = Array.from({ length: 200 }, (_, index) => arrival(String(index), index, 1));
  const arrivals = [...narrow, arrival('wide', 5.5, 8)];
  const situation = {
    capacity: [{ memoryMiB: 0, devices: { h100: 8 } }],
    allocations: [],
    arrivals,
  };
  const wide = policies.map((one) => run(situation, one).get('wide')?.startsAt);
  assert.deepEqual(wide, [15, 257, 15]);
});

test('what nobody ends is never over, and what waits for it never starts', () => {
  const demand: Demand = { nodes: 1, memoryMiB: 1, gpus: 0, deviceClass: undefined };
  const entry = (id: string) => ({ id, partition: 'cpu', estimate: undefined, demand });
  const arrivals = ['site', 'other'].map((id): Arrival => ({
    at: 1,
    duration: undefined,
    entry: entry(id),
  }));
  const free: Capacity = [{ memoryMiB: 1, devices: {} }];
  const started = simulate({ now: 0, free, allocations: [], arrivals, overtaking: 'backfill' });
  assert.deepEqual([...started.keys()], ['site']);
});
