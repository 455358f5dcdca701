import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openShares } from './owner-share.ts';
import type { OwnerShare } from './owner-share.ts';
import { planQueue } from './plan-queue.ts';
import type { Queued } from './plan-queue.ts';

const free = [{ memoryMiB: 1_000, devices: { gpu: 8 } }];
const entry = (
  id: string,
  owner: string,
  { gpus = 0, memoryMiB = 10, nodes = 1 } = {},
): Queued => ({
  id,
  owner,
  partition: gpus > 0 ? 'gpu' : 'cpu',
  estimate: 100,
  demand: { nodes, memoryMiB, gpus, deviceClass: gpus > 0 ? 'gpu' : undefined },
});
const share = (
  most: Partial<OwnerShare['most']>,
  held = { memoryMiB: 0, gpus: 0 },
): OwnerShare => ({
  most: { memoryMiB: null, gpus: null, ...most },
  held,
});
const plan = (queue: Queued[], shares: ReadonlyMap<string, OwnerShare>) =>
  planQueue({ free, allocations: [], queue, now: 0, overtaking: 'backfill', shares });

test('an owner who holds enough waits for their own, and keeps nobody else waiting', () => {
  const queue = [
    entry('a1', 'a', { gpus: 2 }),
    entry('a2', 'a', { gpus: 2 }),
    entry('b1', 'b', { gpus: 6 }),
    entry('a3', 'a'),
  ];
  const { starts, blocked } = plan(queue, new Map([['a', share({ gpus: 3 })]]));
  assert.deepEqual(
    starts.map(({ id }) => id),
    ['a1', 'b1', 'a3'],
    'nothing without GPUs is held up by a limit of GPUs',
  );
  assert.deepEqual(
    blocked.map(({ id, cause, limit }) => [id, cause, limit]),
    [['a2', 'owner_limit', { name: 'gpus', most: 3, held: 2 }]],
  );
});

test('what an owner holds already counts, and all nodes of what would start', () => {
  const shares = openShares(
    new Map([['a', share({ memoryMiB: 100 }, { memoryMiB: 60, gpus: 0 })]]),
  );
  const { demand } = entry('x', 'a', { memoryMiB: 20, nodes: 2 });
  assert.equal(shares.limitOf({ owner: 'a', demand }), undefined);
  shares.spend({ owner: 'a', demand });
  assert.deepEqual(shares.limitOf({ owner: 'a', demand }), {
    name: 'memory',
    most: 100,
    held: 100,
  });
  assert.equal(shares.limitOf({ owner: 'b', demand }), undefined);
});

test('whatever waits, no owner is given more than they may hold', () => {
  const anyEntry = fc.record({
    owner: fc.constantFrom('a', 'b', 'c'),
    gpus: fc.nat(4),
    memoryMiB: fc.integer({ min: 1, max: 200 }),
    nodes: fc.integer({ min: 1, max: 2 }),
  });
  fc.assert(
    fc.property(fc.array(anyEntry), fc.nat(8), fc.nat(500), (wanted, gpus, memoryMiB) => {
      const queue = wanted.map(({ owner, ...size }, index) => entry(`${index}`, owner, size));
      const most = { gpus, memoryMiB };
      const shares = new Map(['a', 'b'].map((owner) => [owner, share(most)]));
      const started = new Set(plan(queue, shares).starts.map(({ id }) => id));
      for (const owner of shares.keys()) {
        const own = queue.filter((one) => one.owner === owner && started.has(one.id));
        const sum = (of: 'gpus' | 'memoryMiB') =>
          own.reduce((total, { demand }) => total + demand[of] * demand.nodes, 0);
        assert.ok(sum('gpus') <= gpus && sum('memoryMiB') <= memoryMiB);
      }
    }),
  );
});
