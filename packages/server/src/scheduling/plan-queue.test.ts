import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { planQueue } from './plan-queue.ts';
import type { Allocation, Overtaking, Queued, QueueSituation } from './plan-queue.ts';
import { choicesOf, copyCapacity, give, place, take } from './capacity.ts';
import type { Demand, HostCapacity } from './capacity.ts';

const gpus = (count: number, nodes = 1): Demand => ({
  nodes,
  memoryMiB: 1,
  gpus: count,
  deviceClass: 'h100',
});

const host = (free: number, memoryMiB = 1_000): HostCapacity => ({
  memoryMiB,
  devices: { h100: free },
});

const entry = (id: string, demand: Demand, estimate?: number): Queued => ({
  id,
  demand,
  partition: 'h100',
  estimate,
});

const plan = (
  queue: readonly Queued[],
  rest: Partial<QueueSituation> & { free: readonly HostCapacity[] },
) => planQueue({ allocations: [], now: 0, overtaking: 'backfill', ...rest, queue });

const started = (result: ReturnType<typeof planQueue>): string[] =>
  result.starts.map(({ id }) => id);

test('what fits starts, in order', () => {
  const result = plan([entry('a', gpus(2), 10), entry('b', gpus(2), 10)], { free: [host(4)] });
  assert.deepEqual(started(result), ['a', 'b']);
  assert.deepEqual(result.blocked, []);
});

test('the first that does not fit has a reservation for the time when enough will have ended', () => {
  const allocations: Allocation[] = [
    { demand: gpus(2), hosts: [0], endsAt: 50 },
    { demand: gpus(4), hosts: [0], endsAt: 20 },
    { demand: gpus(1), hosts: [0], endsAt: undefined },
  ];
  const { blocked } = plan([entry('wide', gpus(7), 10)], { free: [host(1)], allocations });
  assert.deepEqual(blocked, [
    { id: 'wide', cause: 'no_capacity', position: 1, first: 'wide', startsAt: 50 },
  ]);
});

test('who ends before that goes ahead, who does not waits, unless it leaves alone what is needed then', () => {
  const allocations: Allocation[] = [{ demand: gpus(4), hosts: [0], endsAt: 100 }];
  const queue = [
    entry('wide', gpus(7), 10),
    entry('long', gpus(2), 101),
    entry('short', gpus(2), 100),
    entry('narrow', gpus(1), 9_999),
    entry('narrow too', gpus(1), 9_999),
  ];
  const result = plan(queue, { free: [host(4)], allocations });
  assert.deepEqual(started(result), ['short', 'narrow']);
  assert.deepEqual(
    result.blocked.map(({ id, cause, first, position }) => [id, cause, first, position]),
    [
      ['wide', 'no_capacity', 'wide', 1],
      ['long', 'reserved', 'wide', 2],
      ['narrow too', 'reserved', 'wide', 3],
    ],
  );
});

test('nobody overtakes where nobody may, and everybody where anybody may', () => {
  const queue = [entry('wide', gpus(7), 10), entry('long', gpus(2), 9_999)];
  const allocations: Allocation[] = [{ demand: gpus(4), hosts: [0], endsAt: 100 }];
  const order = (overtaking: Overtaking): string[] =>
    started(plan(queue, { free: [host(4)], allocations, overtaking }));
  assert.deepEqual(order('none'), []);
  assert.deepEqual(order('any'), ['long']);
});

test('partitions do not wait for each other, but for memory that is reserved', () => {
  const free = [{ memoryMiB: 10, devices: { h100: 0, l4: 2 } }];
  const allocations: Allocation[] = [
    { demand: { ...gpus(8), memoryMiB: 10 }, hosts: [0], endsAt: 100 },
  ];
  const other = (id: string, memoryMiB: number, estimate: number): Queued => ({
    id,
    partition: 'l4',
    demand: { nodes: 1, memoryMiB, gpus: 1, deviceClass: 'l4' },
    estimate,
  });
  const queue = [
    { ...entry('first', { ...gpus(8), memoryMiB: 15 }, 10) },
    other('too much', 6, 101),
    other('short', 6, 100),
    other('little', 4, 101),
  ];
  const result = plan(queue, { free, allocations });
  assert.deepEqual(started(result), ['short', 'little']);
});

test('what nobody ends by itself does not overtake one whose time nobody knows, what ends does', () => {
  const allocations: Allocation[] = [{ demand: gpus(4), hosts: [0], endsAt: undefined }];
  const queue = [entry('wide', gpus(8)), entry('site', gpus(1)), entry('run', gpus(1), 1_000)];
  const result = plan(queue, { free: [host(4)], allocations });
  assert.deepEqual(started(result), ['run']);
  assert.equal(result.blocked[0]?.startsAt, undefined);
});

const any = (count: number): Demand => ({
  ...gpus(count),
  deviceClass: 'gpu',
  classes: ['l4', 'h100'],
});

test('who asks by another name waits for the same: counted, and no way around the first', () => {
  const allocations: Allocation[] = [{ demand: gpus(6), hosts: [0], endsAt: undefined }];
  const two = [{ memoryMiB: 1_000, devices: { h100: 2, l4: 0 } }];
  const site = { ...entry('site', any(1)), partition: 'gpu' };
  const wide = entry('wide', gpus(8), 10);
  const result = plan([wide, site], { free: two, allocations });
  assert.deepEqual(result.starts, []);
  assert.deepEqual(
    result.blocked.map(({ id, position, first }) => [id, position, first]),
    [
      ['wide', 1, 'wide'],
      ['site', 2, 'wide'],
    ],
  );
  const other = { ...entry('wide', any(8), 10), partition: 'gpu' };
  assert.deepEqual(started(plan([other, entry('site', gpus(1))], { free: two, allocations })), []);
  assert.deepEqual(
    started(plan([wide, { ...site, estimate: 9 }], { free: two, allocations })),
    ['site'],
    'what ends may',
  );
});

test('who asks for other devices, or takes others, is not held up by one whose time nobody knows', () => {
  const allocations: Allocation[] = [{ demand: gpus(6), hosts: [0], endsAt: undefined }];
  const free = [{ memoryMiB: 1_000, devices: { h100: 2, l4: 2 } }];
  const queue = [
    entry('wide', gpus(8), 10),
    { ...entry('any', any(1)), partition: 'gpu' },
    { ...entry('l4', { ...gpus(1), deviceClass: 'l4' }), partition: 'l4' },
    { ...entry('last', any(1)), partition: 'gpu' },
  ];
  const result = plan(queue, { free, allocations });
  assert.deepEqual(
    result.starts.map(({ id, demand }) => [id, demand.deviceClass]),
    [
      ['any', 'l4'],
      ['l4', 'l4'],
    ],
  );
});

test('a gang is placed whole, on the fullest hosts that hold it', () => {
  assert.deepEqual(place([host(8), host(3), host(2)], gpus(2, 3)), [2, 1, 0]);
  assert.equal(place([host(1), host(1)], gpus(2, 1)), undefined);
  assert.deepEqual(place([host(8), host(8)], gpus(4, 4)), [0, 0, 1, 1]);
});

const demands = fc
  .record({
    nodes: fc.integer({ min: 1, max: 3 }),
    memoryMiB: fc.integer({ min: 1, max: 4 }),
    gpus: fc.integer({ min: 0, max: 4 }),
  })
  .map((one): Demand => ({ ...one, deviceClass: one.gpus === 0 ? undefined : 'h100' }));

const situations = fc
  .record({
    hosts: fc.array(fc.record({ devices: fc.nat(8), memoryMiB: fc.nat(16) }), {
      minLength: 1,
      maxLength: 4,
    }),
    held: fc.array(
      fc.record({ demand: demands, endsAt: fc.option(fc.integer({ min: 1, max: 50 })) }),
      { maxLength: 8 },
    ),
    queue: fc.array(
      fc.record({ demand: demands, estimate: fc.option(fc.integer({ min: 1, max: 60 })) }),
      { maxLength: 12 },
    ),
  })
  .map(({ hosts, held, queue }): QueueSituation => {
    const free = hosts.map(({ devices, memoryMiB }) => host(devices, memoryMiB));
    const allocations = held.flatMap(({ demand, endsAt }): Allocation[] => {
      const where = place(free, demand);
      if (where === undefined) return [];
      take(free, demand, where);
      return [{ demand, hosts: where, endsAt: endsAt ?? undefined }];
    });
    return {
      free,
      allocations,
      now: 0,
      overtaking: 'backfill',
      queue: queue.map(({ demand, estimate }, index) => ({
        id: String(index),
        demand,
        partition: demand.deviceClass ?? 'cpu',
        estimate: estimate ?? undefined,
      })),
    };
  });

/** Two kinds of devices, of which some ask for one and some for any. */
const mixed = situations.chain((situation) =>
  fc.array(fc.constantFrom('h100', 'l4', 'any'), { minLength: 12, maxLength: 12 }).map((kinds) => ({
    ...situation,
    free: situation.free.map(({ memoryMiB, devices }, index) => ({
      memoryMiB,
      devices: { ...devices, l4: (index * 3) % 7 },
    })),
    queue: situation.queue.map((one, index): Queued => {
      const kind = kinds[index] ?? 'any';
      if (one.demand.gpus === 0) return one;
      const demand = { ...one.demand, deviceClass: kind };
      const classes = { classes: ['l4', 'h100'] };
      return {
        ...one,
        partition: kind,
        demand: kind === 'any' ? { ...demand, ...classes } : demand,
      };
    }),
  })),
);

test('who takes any devices gets all of one class, and is in nobody’s way who has a reservation', () => {
  fc.assert(
    fc.property(mixed, (situation) => {
      const { starts, blocked } = planQueue(situation);
      for (const startsAt of [0, ...blocked.flatMap((one) => one.startsAt ?? [])]) {
        const capacity = copyCapacity(situation.free);
        for (const { demand, hosts, endsAt } of situation.allocations)
          if (endsAt !== undefined && endsAt <= startsAt) give(capacity, demand, hosts);
        for (const { id, demand, hosts } of starts) {
          const { estimate = Infinity } = situation.queue.find((one) => one.id === id) ?? {};
          if (startsAt === 0 || estimate > startsAt) take(capacity, demand, hosts);
        }
        for (const { memoryMiB, devices } of capacity)
          assert.ok(memoryMiB >= 0 && Object.values(devices).every((one) => one >= 0));
        for (const { id } of blocked.filter((one) => one.startsAt === startsAt)) {
          const { demand } = situation.queue.find((one) => one.id === id) ?? assert.fail();
          assert.ok(choicesOf(demand).some((one) => place(capacity, one) !== undefined));
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('nobody gets without an end what a first before them waits for, by whichever name', () => {
  fc.assert(
    fc.property(mixed, fc.constantFrom('backfill', 'none'), (situation, overtaking) => {
      const { queue } = situation;
      const { starts, blocked } = planQueue({ ...situation, overtaking });
      const placeOf = (id: string): number => queue.findIndex((one) => one.id === id);
      const firsts = blocked.filter(
        ({ id }) =>
          queue.find(
            ({ partition, id: other }) =>
              partition === queue[placeOf(id)]?.partition &&
              blocked.some((one) => one.id === other),
          )?.id === id,
      );
      for (const { id, startsAt } of firsts) {
        const wanted = choicesOf(queue[placeOf(id)]?.demand ?? assert.fail());
        for (const one of starts.filter((other) => placeOf(other.id) > placeOf(id))) {
          const mayOvertake =
            overtaking === 'backfill' &&
            (startsAt !== undefined || queue[placeOf(one.id)]?.estimate !== undefined);
          const { deviceClass } = one.demand;
          const isWanted = wanted.some((choice) => choice.deviceClass === deviceClass);
          assert.ok(
            mayOvertake || deviceClass === undefined || !isWanted,
            `${one.id} before ${id}`,
          );
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('gangs start whole, and nobody gets what is not there', () => {
  fc.assert(
    fc.property(situations, (situation) => {
      const capacity = copyCapacity(situation.free);
      for (const { id, hosts } of planQueue(situation).starts) {
        const { demand } = situation.queue.find((one) => one.id === id) ?? assert.fail();
        assert.equal(hosts.length, demand.nodes);
        take(capacity, demand, hosts);
      }
      for (const { memoryMiB, devices } of capacity)
        assert.ok(memoryMiB >= 0 && Object.values(devices).every((one) => one >= 0));
    }),
  );
});

test('each that waits is said why, and each is started or waits', () => {
  fc.assert(
    fc.property(situations, (situation) => {
      const { starts, blocked } = planQueue(situation);
      const ids = [...starts, ...blocked].map(({ id }) => id).toSorted();
      assert.deepEqual(ids, situation.queue.map(({ id }) => id).toSorted());
    }),
  );
});

test('backfill never delays a reservation: whatever has one fits at its time', () => {
  fc.assert(
    fc.property(situations, (situation) => {
      const { starts, blocked } = planQueue(situation);
      const started = new Map(starts.map(({ id, hosts }) => [id, hosts]));
      for (const { id, startsAt } of blocked) {
        if (startsAt === undefined) continue;
        const capacity = copyCapacity(situation.free);
        for (const { demand, hosts, endsAt } of situation.allocations)
          if (endsAt !== undefined && endsAt <= startsAt) give(capacity, demand, hosts);
        for (const one of situation.queue) {
          const hosts = started.get(one.id);
          const isOver = one.estimate !== undefined && one.estimate <= startsAt;
          if (hosts !== undefined && !isOver) take(capacity, one.demand, hosts);
        }
        const { demand } = situation.queue.find((one) => one.id === id) ?? assert.fail();
        assert.ok(
          place(capacity, demand) !== undefined,
          `${id} had its reservation at ${startsAt}`,
        );
      }
    }),
    { numRuns: 500 },
  );
});
