import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ApplicationId, RunId } from '../lib/ids.ts';
import { unionLength, usageOf } from './usage.ts';
import type { Interval } from './usage.ts';

const MINUTE = 60_000;
const interval = (
  startedAt: number,
  endedAt: number | null,
  rest: Partial<Interval> = {},
): Interval => ({
  applicationId: 'app_1' as ApplicationId,
  applicationName: 'train',
  applicationDeleted: false,
  subjectKind: 'run',
  subjectId: 'run_1' as RunId,
  instanceNumber: 0,
  flavor: 'ML_M',
  gpus: 2,
  microEurosPerDay: 20_000_000,
  startedAt,
  endedAt,
  ...rest,
});
const window = { from: 0, to: 100 * MINUTE };

test('two GPUs for 90 seconds are 2 minutes and 0.0278 €', () => {
  const [usage] = usageOf([interval(0, 90_000)], window);
  assert.deepEqual(
    { minutes: usage?.minutes, gpuMinutes: usage?.gpuMinutes, microEuros: usage?.microEuros },
    { minutes: 2, gpuMinutes: 4, microEuros: 27_778 },
  );
});

test('minutes are rounded once over the attempts of a number, and pauses are free', () => {
  const attempts = [interval(0, 20_000), interval(60_000, 80_000)];
  assert.equal(usageOf(attempts, window)[0]?.minutes, 1);
});

test('what ran keeps the price and the GPUs that it had, whatever its next attempt has', () => {
  const dearer = { gpus: 4, microEurosPerDay: 60_000_000 };
  const attempts = [interval(0, 3 * MINUTE), interval(3 * MINUTE, 4 * MINUTE, dearer)];
  const [usage] = usageOf(attempts, window);
  assert.deepEqual(
    { minutes: usage?.minutes, gpuMinutes: usage?.gpuMinutes, microEuros: usage?.microEuros },
    { minutes: 4, gpuMinutes: 10, microEuros: Math.round((3 * 20_000_000 + 60_000_000) / 1440) },
  );
});

test('each number of a run is rounded by itself', () => {
  const nodes = [interval(0, 1_000), interval(0, 1_000, { instanceNumber: 1 })];
  assert.equal(usageOf(nodes, window)[0]?.minutes, 2);
});

test('time that two attempts share counts once', () => {
  assert.equal(unionLength([interval(0, 50), interval(30, 70), interval(90, 95)], 0, 1_000), 75);
});

test('an interval that lasts counts up to the end of the window', () => {
  assert.equal(usageOf([interval(95 * MINUTE, null)], window)[0]?.minutes, 5);
});

test('a union is never longer than the window nor than its parts together', () => {
  const spans = fc.array(fc.tuple(fc.nat(100), fc.nat(100)));
  fc.assert(
    fc.property(spans, (pairs) => {
      const intervals = pairs.map(([a, b]) => interval(Math.min(a, b), Math.max(a, b)));
      const length = unionLength(intervals, 0, 80);
      assert.ok(length <= 80);
      assert.ok(length <= pairs.reduce((sum, [a, b]) => sum + Math.abs(a - b), 0));
    }),
  );
});
