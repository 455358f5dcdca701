import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Instance, Workload } from '../workloads/workload.ts';
import { concludeAttempt } from './conclude-run.ts';

const workload = (nodes: number): Workload => ({ nodes }) as Workload;

const node = (number: number, exitCode: number | null, rest: Partial<Instance> = {}): Instance =>
  ({
    number,
    exitCode,
    attempt: 1,
    status: exitCode === null ? 'healthy' : 'exited',
    reason: exitCode === null ? null : 'exited',
    detail: null,
    signal: null,
    ...rest,
  }) as Instance;

test('a run lasts until all its nodes ended well', () => {
  assert.equal(concludeAttempt(workload(2), []), undefined);
  assert.equal(concludeAttempt(workload(2), [node(0, 0), node(1, null)]), undefined);
  assert.deepEqual(concludeAttempt(workload(2), [node(0, 0), node(1, 0)]), {
    status: 'succeeded',
    exitCode: 0,
  });
});

test('a node is named only where there are several', () => {
  const one = concludeAttempt(workload(1), [node(0, 3)]);
  assert.deepEqual(one, { status: 'failed', reason: 'exited', detail: 'exit code 3', exitCode: 3 });
  const two = concludeAttempt(workload(2), [node(0, null), node(1, 3)]);
  assert.equal(two?.status === 'failed' && two.detail, 'node 1: exit code 3');
});

test('a signal, a limit and a stop are each said as what they are', () => {
  const details = [
    node(0, null, { status: 'exited', reason: 'exited', signal: 'SIGSEGV' }),
    node(0, 137, { reason: 'memory_limit', detail: 'memory_limit: too little.' }),
    node(0, 143, { reason: 'stopped' }),
    node(0, 0, { reason: 'stopped' }),
    node(0, 0, { reason: 'supervisor_lost', exitCode: null }),
  ].map((instance) => {
    const outcome = concludeAttempt(workload(1), [instance]);
    return outcome?.status === 'failed' ? outcome.detail : outcome?.status;
  });
  assert.deepEqual(details, [
    'signal SIGSEGV',
    'memory_limit: too little.',
    'stopped (exit code 143)',
    'stopped (exit code 0)',
    'supervisor_lost (exit code ?)',
  ]);
});

test('a run succeeds only if every node ended by itself with 0, and fails as soon as one did not', () => {
  const codes = fc.array(fc.option(fc.constantFrom(0, 0, 0, 1)), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(codes, (ended) => {
      const nodes = ended.map((code, number) => node(number, code));
      const outcome = concludeAttempt(workload(ended.length), nodes)?.status;
      const expected = ended.includes(1)
        ? 'failed'
        : ended.includes(null)
          ? undefined
          : 'succeeded';
      assert.equal(outcome, expected);
    }),
  );
});
