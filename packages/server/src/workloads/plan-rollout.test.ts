import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pauseAfter, planRollout } from './plan-rollout.ts';
import type { Instance } from './workload.ts';

const instance = (number: number, attempt: number, rest: Partial<Instance> = {}): Instance =>
  ({
    number,
    attempt,
    status: 'starting',
    wanted: 'running',
    reason: null,
    healthyAt: null,
    endedAt: null,
    ...rest,
  }) as Instance;

const crashed = (number: number, attempt: number): Instance =>
  instance(number, attempt, { status: 'exited', healthyAt: 1_000, endedAt: 2_000 });

test('each number gets its first instance', () => {
  assert.deepEqual(
    planRollout({ subjectKind: 'run', nodes: 2 }, [], 0).map(({ number, attempt }) => [
      number,
      attempt,
    ]),
    [
      [0, 1],
      [1, 1],
    ],
  );
});

test('an instance that served and crashed is tried again after a pause', () => {
  assert.deepEqual(planRollout({ subjectKind: 'deployment', nodes: 1 }, [crashed(0, 1)], 5_000), [
    { number: 0, attempt: 2, startAfter: 6_000 },
  ]);
});

test('an instance that never served is not tried again', () => {
  assert.deepEqual(
    planRollout({ subjectKind: 'deployment', nodes: 1 }, [instance(0, 1, { status: 'exited' })], 0),
    [],
  );
});

test('an attempt that does not prove its health is given up for the next', () => {
  const stuck = instance(0, 2, { status: 'unhealthy' });
  assert.deepEqual(
    planRollout({ subjectKind: 'deployment', nodes: 1 }, [crashed(0, 1), stuck], 5_000),
    [{ number: 0, attempt: 3, startAfter: 7_000 }],
  );
  assert.deepEqual(planRollout({ subjectKind: 'deployment', nodes: 1 }, [stuck], 5_000), []);
});

test('a run is not tried again by itself', () => {
  assert.deepEqual(planRollout({ subjectKind: 'run', nodes: 1 }, [crashed(0, 1)], 0), []);
});

test('pauses double with each crash in a row and end at a minute', () => {
  const pauses = [1, 2, 3, 4, 10].map((crashes) =>
    pauseAfter(
      Array.from({ length: crashes }, (_, index) => crashed(0, index + 1)),
      0,
    ),
  );
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 60_000]);
});

test('a steady life starts the count anew', () => {
  const steady = instance(0, 5, { status: 'exited', healthyAt: 0, endedAt: 700_000 });
  assert.equal(pauseAfter([...[1, 2, 3, 4].map((one) => crashed(0, one)), steady], 0), 1_000);
});

test('doing what the plan says leaves nothing to do', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(4)), (nodes, crashes) => {
      const instances = [...new Set(crashes)]
        .filter((number) => number < nodes)
        .map((number) => crashed(number, 1));
      const added = planRollout({ subjectKind: 'deployment', nodes }, instances, 0).map(
        ({ number, attempt }) => instance(number, attempt),
      );
      assert.deepEqual(
        planRollout({ subjectKind: 'deployment', nodes }, [...instances, ...added], 0),
        [],
      );
    }),
  );
});
