import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { endReasons } from '../lib/reason.ts';
import type { EndReason } from '../lib/reason.ts';
import { planRetry } from './plan-retry.ts';

const again = (
  reason: EndReason,
  earlier: readonly EndReason[],
  retries: number | null,
): number | false => {
  const plan = planRetry(
    { reason },
    earlier.map((one) => ({ reason: one })),
    retries,
  );
  return plan.again && plan.pause;
};

test('a program that fails is tried again as often as its user said, after pauses that double', () => {
  assert.equal(again('exited', [], null), false);
  assert.equal(again('exited', [], 2), 1_000);
  assert.equal(again('exited', ['exited'], 2), 2_000);
  assert.equal(again('exited', ['exited', 'exited'], 2), false);
});

test('what the platform is to blame for is tried again three times, unless its user will have none', () => {
  assert.equal(again('supervisor_lost', [], null), 1_000);
  assert.equal(
    again('supervisor_lost', ['supervisor_lost', 'supervisor_lost', 'start_failed'], null),
    false,
  );
  assert.equal(again('device_lost', [], null), 0, 'another device is there at once');
  assert.equal(again('device_lost', [], 0), false);
});

test('one cause does not use up the budget of another', () => {
  assert.equal(again('exited', ['device_lost', 'supervisor_lost'], 1), 1_000);
  assert.equal(again('device_lost', ['exited', 'exited', 'exited', 'exited'], 9), 0);
});

test('what would only happen again is not tried again', () => {
  for (const reason of [
    'memory_limit',
    'disk_full',
    'process_limit',
    'max_duration',
    'stopped',
    'never_fits',
  ] as const)
    assert.equal(again(reason, [], 9), false, reason);
});

test('whatever happens, the number of attempts has an end', () => {
  const reasons = fc.constantFrom(...(Object.keys(endReasons) as EndReason[]));
  fc.assert(
    fc.property(fc.option(fc.nat(5)), fc.infiniteStream(reasons), (retries, stream) => {
      const earlier: EndReason[] = [];
      for (const reason of stream) {
        if (again(reason, earlier, retries) === false) break;
        earlier.push(reason);
      }
      assert.ok(earlier.length <= (retries ?? 0) + 6);
    }),
  );
});
