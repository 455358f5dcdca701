import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeUsage } from './describe-usage.ts';

const GIB = 2 ** 30;

const used = (mean: number, measuredSeconds = 3600) => ({
  measuredSeconds,
  utilization: { mean, max: 1 },
  memoryBytes: { max: 20.1 * GIB },
});

const HARDLY = /\. The GPU was hardly used\.$/;

test('the use of GPUs is said in a line', () => {
  assert.equal(describeUsage(used(0.834)), 'mean 83 %, max 100 % busy; 20.1 GiB of memory at most');
});

test('what was not measured is left out', () => {
  assert.equal(describeUsage(null), undefined);
  const nothing = { measuredSeconds: 60, utilization: null, memoryBytes: null };
  assert.equal(describeUsage(nothing), undefined);
  assert.equal(describeUsage({ ...nothing, memoryBytes: { max: 0 } }), '0.0 GiB of memory at most');
  assert.equal(describeUsage({ ...used(0.5), memoryBytes: null }), 'mean 50 %, max 100 % busy');
});

test('a GPU that was busy for less than a tenth of more than ten minutes was hardly used', () => {
  assert.match(describeUsage(used(0.099, 610)) ?? '', HARDLY);
  assert.doesNotMatch(describeUsage(used(0.1, 610)) ?? '', HARDLY);
  assert.doesNotMatch(describeUsage(used(0, 600)) ?? '', HARDLY, 'it may still be loading');
  assert.doesNotMatch(describeUsage({ ...used(0), utilization: null }) ?? '', HARDLY);
});

test('a little is not said to be nothing', () => {
  assert.match(describeUsage(used(0.004)) ?? '', /^mean under 1 %/);
  assert.match(describeUsage(used(0)) ?? '', /^mean 0 %/);
});
