import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePastRuns, UnreadableRuns } from './past-runs.ts';

const run = {
  at: 0,
  duration: 60_000,
  estimate: undefined,
  nodes: 1,
  gpus: 1,
  memoryMiB: 0,
  deviceClass: undefined,
};

const swf = (columns: Record<number, number>): string =>
  Array.from({ length: 18 }, (_, index) => columns[index + 1] ?? -1).join(' ');

test('in the Standard Workload Format a processor is a node with one GPU', () => {
  const text = `; Version: 2.2\n;   MaxProcs: 8\n\n${[
    swf({ 1: 1, 2: 0, 4: 60, 5: 1, 8: 1, 9: 3_600 }),
    `  ${swf({ 1: 2, 2: 30, 4: 60, 5: 4, 8: -1 })}\r`,
  ].join('\n')}\n`;
  assert.deepEqual(parsePastRuns(text), {
    unknown: 0,
    runs: [
      { ...run, estimate: 3_600_000 },
      { ...run, at: 30_000, nodes: 4 },
    ],
  });
});

test('what was cancelled before it ran is counted, and left out', () => {
  const text = [swf({ 1: 1, 2: 0, 5: 1 }), swf({ 1: 2, 2: 0, 4: 60 })].join('\n');
  assert.deepEqual(parsePastRuns(text), { runs: [], unknown: 2 });
});

test('our own records are objects of JSON, one a line', () => {
  const whole = {
    createdAt: 5,
    duration: 60_000,
    estimate: 90_000,
    nodes: 2,
    gpus: 4,
    memory: 512,
    class: 'H100',
  };
  const text = [whole, { createdAt: 6, duration: 60_000, gpus: 1, class: 'gpu', estimate: null }]
    .map((record) => JSON.stringify(record))
    .join('\n');
  assert.deepEqual(parsePastRuns(text).runs, [
    { ...run, at: 5, estimate: 90_000, nodes: 2, gpus: 4, memoryMiB: 512, deviceClass: 'H100' },
    { ...run, at: 6 },
  ]);
});

test('what is wrong is named by its line', () => {
  for (const [text, why] of [
    ['; none\n1 2 3\n', /^Line 2 has not the 18 numbers/],
    [swf({}).replace('-1', 'one'), /^Line 1 has not the 18 numbers/],
    ['{"createdAt":1,"duration":2}\n{', /^Line 2 is no JSON/],
    ['{"createdAt":1,"duration":-2}', /^Line 1: duration: /],
    ['{"createdAt":1,"duration":2,"nodes":0}', /^Line 1: nodes: /],
  ] as const)
    assert.throws(
      () => parsePastRuns(text),
      (error: unknown) => error instanceof UnreadableRuns && why.test(error.message),
      text,
    );
});

test('an empty file has no runs', () => {
  assert.deepEqual(parsePastRuns(';\n\n'), { runs: [], unknown: 0 });
});
