import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND } from '../lib/duration.ts';
import { sumUp } from './device-usage.ts';
import { SAMPLES } from './metric.ts';
import type { Values } from './metric.ts';
import { widen } from './rollup.ts';

const point = (subjectId: string, at: number, values: Values) => ({
  subjectId,
  at: at * SECOND,
  values: widen(values),
});

test('all devices count the same, and time that several were measured in once', () => {
  const points = [
    point('GPU-1', 0, { utilization: 1, memory: 5 }),
    point('GPU-1', 10, { utilization: 0.5, memory: 9 }),
    point('GPU-2', 10, { utilization: 0, memory: 7 }),
  ];
  assert.deepEqual(sumUp(points, SAMPLES.step), {
    measuredSeconds: 20,
    utilization: { mean: 0.5, max: 1 },
    memoryBytes: { max: 9 },
  });
});

test('what was never measured is not known', () => {
  assert.equal(sumUp([], SAMPLES.step), null);
  assert.deepEqual(sumUp([point('GPU-1', 0, { power: 70 })], SAMPLES.step), {
    measuredSeconds: 10,
    utilization: null,
    memoryBytes: null,
  });
});
