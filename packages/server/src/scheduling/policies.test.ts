import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY, MINUTE } from '../lib/duration.ts';
import { makeWorkload } from '../testing/workload.ts';
import type { Job } from '../testing/workload.ts';
import { HISTORY, estimateFrom } from './estimate.ts';
import type { Overtaking } from './plan-queue.ts';
import { simulate } from './simulate.ts';
import type { Arrival } from './simulate.ts';

const GPUS = 8;
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);

type Estimates = 'limit' | 'history' | 'perfect';

/** Means over all seeds; of waits in minutes. */
type Figures = {
  utilisation: number;
  wait: number;
  p95: number;
  waitOfWide: number;
  longestOfWide: number;
};

/** Of each that comes, in ms; history is what came before, as if it were over by then. */
function estimatesOf(jobs: readonly Job[], by: Estimates): number[] {
  const past = new Map<number, number[]>();
  return jobs.map(({ application, duration }) => {
    if (by === 'limit') return DAY;
    if (by === 'perfect') return duration;
    const known = past.get(application) ?? [];
    past.set(application, [duration, ...known].slice(0, HISTORY));
    return estimateFrom(known, { maxDuration: DAY }).duration;
  });
}

function replay(jobs: readonly Job[], overtaking: Overtaking, by: Estimates): Figures {
  const estimates = estimatesOf(jobs, by);
  const arrivals = jobs.map(({ at, duration, gpus }, index): Arrival => {
    const demand = { nodes: 1, memoryMiB: 0, gpus, deviceClass: 'gpu' };
    const entry = { id: String(index), partition: 'gpu', estimate: estimates[index], demand };
    return { at, duration, entry };
  });
  const free = [{ memoryMiB: 0, devices: { gpu: GPUS } }];
  const started = simulate({ now: 0, free, allocations: [], arrivals, overtaking });
  const starts = jobs.map((_, index) => started.get(String(index))?.startsAt ?? Infinity);
  const waits = jobs.map(({ at }, index) => ((starts[index] ?? Infinity) - at) / MINUTE);
  const wide = waits.filter((_, index) => jobs[index]?.gpus === GPUS);
  const work = jobs.reduce((sum, { gpus, duration }) => sum + gpus * duration, 0);
  const end = Math.max(...jobs.map(({ duration }, index) => (starts[index] ?? 0) + duration));
  return {
    utilisation: work / GPUS / end,
    wait: mean(waits),
    p95: waits.toSorted((a, b) => a - b)[Math.floor(waits.length * 0.95)] ?? Infinity,
    waitOfWide: mean(wide),
    longestOfWide: Math.max(...wide),
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function measure(overtaking: Overtaking, by: Estimates): Figures {
  const all = SEEDS.map((seed) => replay(makeWorkload(seed, 0.9), overtaking, by));
  return {
    utilisation: mean(all.map(({ utilisation }) => utilisation)),
    wait: mean(all.map(({ wait }) => wait)),
    p95: mean(all.map(({ p95 }) => p95)),
    waitOfWide: mean(all.map(({ waitOfWide }) => waitOfWide)),
    longestOfWide: mean(all.map(({ longestOfWide }) => longestOfWide)),
  };
}

const policies = {
  strict: measure('none', 'limit'),
  greedy: measure('any', 'limit'),
  byLimit: measure('backfill', 'limit'),
  byHistory: measure('backfill', 'history'),
  perfect: measure('backfill', 'perfect'),
};

/**
 * As they came out when this was written: whoever changes a policy changes them, and says so. A study before
 * ours, with the same distributions and other draws, found for the same five: 0.65, 4642, 8920, 4789, 9619;
 * 0.86, 387, 1681, 2106, 5201; 0.67, 3849, 7479, 4138, 8271; 0.86, 364, 1330, 1061, 2298; and 0.87, 267, 945,
 * 698, 1716. Ours are off by at most 3, 11, 2, 18 and 4 in 100.
 */
const known: Record<keyof typeof policies, readonly number[]> = {
  strict: [0.642578829, 4526.78829, 9029.53577, 4826.47469, 9706.69879],
  greedy: [0.85853324, 353.302709, 1658.8387, 1874.00073, 4611.3327],
  byLimit: [0.673926317, 3792.43985, 7584.89332, 4172.11882, 8240.78235],
  byHistory: [0.860909916, 297.675977, 1145.94212, 1018.10992, 2120.9108],
  perfect: [0.867126702, 257.575123, 922.957825, 705.289647, 1669.67097],
};

for (const name of Object.keys(policies) as (keyof typeof policies)[])
  test(`what the queue decides is what it decided before: ${name}`, () => {
    const { utilisation, wait, p95, waitOfWide, longestOfWide } = policies[name];
    for (const [index, value] of [utilisation, wait, p95, waitOfWide, longestOfWide].entries()) {
      const before = known[name][index] ?? Number.NaN;
      assert.ok(Math.abs(value / before - 1) <= 1e-6, `${value} instead of ${before}`);
    }
  });

test('whoever never overtakes, or believes the limit, leaves a third of the devices idle', () => {
  const { strict, byLimit, byHistory } = policies;
  assert.ok(strict.utilisation < 0.7);
  assert.ok(byLimit.utilisation < 0.7);
  assert.ok(byHistory.utilisation > 0.85);
});

test('estimates from history keep as much busy as greed does, and nobody waits as long', () => {
  const { strict, greedy, byHistory } = policies;
  assert.ok(byHistory.utilisation >= greedy.utilisation);
  assert.ok(byHistory.wait < greedy.wait);
  assert.ok(byHistory.p95 < greedy.p95);
  assert.ok(byHistory.waitOfWide < 0.6 * greedy.waitOfWide);
  assert.ok(byHistory.longestOfWide < greedy.longestOfWide / 2);
  assert.ok(byHistory.longestOfWide < strict.longestOfWide / 4);
});

test('what is known of ends shortens every wait', () => {
  const { byLimit, byHistory, perfect } = policies;
  for (const name of ['wait', 'p95', 'waitOfWide', 'longestOfWide'] as const) {
    assert.ok(byHistory[name] < byLimit[name]);
    assert.ok(perfect[name] < byHistory[name]);
  }
});
