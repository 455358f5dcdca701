import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HOUR, MINUTE, SECOND } from '../lib/duration.ts';
import { MINUTES, QUARTERS, SAMPLES, chooseResolution } from './metric.ts';
import type { Point, Rollup, Values } from './metric.ts';
import { coresBetween, merge, planRollups, rollUp, widen } from './rollup.ts';
import type { RolledTo } from './rollup.ts';

const reading = (milliseconds: number, elapsed: number) => ({ milliseconds, elapsed });

test('cores are the time spent in the time that passed', () => {
  assert.equal(coresBetween(reading(1_000, 0), reading(16_000, 10_000)), 1.5);
  assert.equal(coresBetween(reading(1_000, 0), reading(1_000, 10_000)), 0);
});

test('a counter that began anew, and readings that are too close, tell nothing', () => {
  assert.equal(coresBetween(reading(5_000, 0), reading(100, 10_000)), undefined);
  assert.equal(coresBetween(reading(0, 5), reading(10, 5)), undefined);
  assert.equal(coresBetween(reading(0, 5), reading(10, 1)), undefined);
});

test('of gauges there is the least, the mean and the most, of counters the last', () => {
  const parts = [
    { cpu: 1, memory: 10, received: 5 },
    { cpu: 4, memory: 20, received: 9 },
    { cpu: 1, memory: 60 },
  ];
  assert.deepEqual(merge(parts.map(widen)), {
    cpu: [1, 2, 4],
    memory: [10, 30, 60],
    received: 9,
  });
});

test('what was never measured is not there', () => {
  assert.deepEqual(merge([widen({ sent: 1 }), widen({})]), { sent: 1 });
});

const point = (subjectId: string, at: number, values: Values): Point<Rollup> => ({
  subjectId,
  at,
  values: widen(values),
});

test('points are rolled up by subject and time', () => {
  const points = [
    point('a', 60_000, { cpu: 1 }),
    point('b', 70_000, { cpu: 5 }),
    point('a', 110_000, { cpu: 3 }),
    point('a', 120_000, { cpu: 9 }),
  ];
  assert.deepEqual(rollUp(points, MINUTE), [
    { subjectId: 'a', at: 60_000, values: { cpu: [1, 2, 3] } },
    { subjectId: 'b', at: 60_000, values: { cpu: [5, 5, 5] } },
    { subjectId: 'a', at: 120_000, values: { cpu: [9, 9, 9] } },
  ]);
});

const anyValue = fc.integer({ min: 0, max: 1_000_000 });

test('from minutes come the same extremes and the same last as from samples', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ memory: anyValue, sent: anyValue }), { minLength: 1 }),
      (all) => {
        const samples = all.map((values, at) => point('a', at * 10 * SECOND, values));
        const [directly] = rollUp(samples, HOUR);
        const [inSteps] = rollUp(rollUp(samples, MINUTE), HOUR);
        const ends = (one: Point<Rollup> | undefined) => [
          one?.values.memory?.[0],
          one?.values.memory?.[2],
          one?.values.sent,
        ];
        assert.deepEqual(ends(inSteps), ends(directly));
        const [least = 0, mean = 0, most = 0] = inSteps?.values.memory ?? [];
        assert.ok(least <= mean && mean <= most);
      },
    ),
  );
});

/** Looks as the keeper does, at these times; each look takes one sample first. */
function looks(times: readonly number[]) {
  const samples: Point<Values>[] = [];
  const minutes: Point<Rollup>[] = [];
  const quarters: Point<Rollup>[] = [];
  let rolledTo: RolledTo = { minutes: 0, quarters: 0 };
  for (const now of times) {
    const plan = planRollups(rolledTo, { samples, minutes }, now);
    samples.push({ subjectId: 'a', at: now, values: { memory: now } });
    minutes.push(...plan.minutes);
    quarters.push(...plan.quarters);
    ({ rolledTo } = plan);
  }
  return { minutes, quarters };
}

test('each time that is over is rolled up once, and none before', () => {
  const { minutes, quarters } = looks(Array.from({ length: 200 }, (_, at) => at * 10 * SECOND));
  assert.deepEqual(
    minutes.map(({ at }) => at / MINUTE),
    Array.from({ length: 33 }, (_, at) => at),
  );
  assert.deepEqual(quarters, [
    { subjectId: 'a', at: 0, values: { memory: [0, 445_000, 890_000] } },
    { subjectId: 'a', at: 900_000, values: { memory: [900_000, 1_345_000, 1_790_000] } },
  ]);
});

test('a platform that was away rolls up what it had measured, and leaves the gap', () => {
  const { minutes } = looks([0, 10_000, 3 * HOUR, 3 * HOUR + MINUTE]);
  assert.deepEqual(
    minutes.map(({ at }) => at),
    [0, 3 * HOUR],
  );
});

test('whatever the clock does, minutes that are still to come are never rolled up', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(HOUR), { minLength: 1 }), (times) => {
      let rolledTo: RolledTo = { minutes: 0, quarters: 0 };
      for (const now of times) {
        const samples = [{ subjectId: 'a', at: now, values: { cpu: 1 } }];
        const plan = planRollups(rolledTo, { samples, minutes: [] }, now);
        assert.deepEqual(plan.minutes, []);
        ({ rolledTo } = plan);
        assert.ok(rolledTo.minutes <= now && rolledTo.quarters <= now);
      }
    }),
  );
});

test('a window is shown as finely as its beginning is still kept', () => {
  const now = 100 * 24 * HOUR;
  const of = (ago: number) => chooseResolution(now - ago, now);
  assert.equal(of(HOUR), SAMPLES);
  assert.equal(of(HOUR + SECOND), SAMPLES, 'whoever asked for the last hour, a second ago');
  assert.equal(of(2 * HOUR), MINUTES);
  assert.equal(of(24 * HOUR), MINUTES);
  assert.equal(of(25 * HOUR), QUARTERS);
});
