import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MINUTE, SECOND } from '../lib/duration.ts';
import { newId } from '../lib/ids.ts';
import { devicesOf, pointsWithin } from './held-devices.ts';
import { MINUTES, QUARTERS, SAMPLES } from './metric.ts';

const workloadId = newId('workload');
const instance = { workloadId, number: 0, startedAt: 100 * SECOND, endedAt: 500 * SECOND };
const lease = {
  workloadId,
  number: 0,
  uuid: 'GPU-1',
  model: 'L4',
  acquiredAt: 90 * SECOND,
  endedAt: 510 * SECOND,
};

const times = (...args: Parameters<typeof devicesOf>) =>
  devicesOf(...args).map(({ from, to }) => [from / SECOND, to / SECOND]);

test('an instance has the devices of its node alone', () => {
  const others = [
    { ...lease, uuid: 'GPU-2', number: 1 },
    { ...lease, uuid: 'GPU-3', workloadId: newId('workload') },
  ];
  const found = devicesOf(instance, [lease, ...others]);
  assert.deepEqual(
    found.map(({ uuid }) => uuid),
    ['GPU-1'],
  );
});

test('it has them while it lives and its lease lasts, but for the ten seconds that may still be another’s', () => {
  assert.deepEqual(times(instance, [lease]), [[110, 500]]);
  assert.deepEqual(times(instance, [{ ...lease, acquiredAt: 200_000 }]), [[210, 500]]);
  assert.deepEqual(times(instance, [{ ...lease, endedAt: 300_000 }]), [[110, 300]]);
  assert.deepEqual(times({ ...instance, endedAt: null }, [{ ...lease, endedAt: null }]), [
    [110, Infinity],
  ]);
  assert.deepEqual(times({ ...instance, startedAt: null }, [lease]), []);
});

const pointAt = (at: number) => ({ subjectId: 'GPU-1', at, values: {} });

test('a point whose time begins before or ends after belongs to nobody', () => {
  const held = { uuid: 'GPU-1', model: 'L4', from: 110 * SECOND, to: 500 * SECOND };
  const minutes = Array.from({ length: 10 }, (_, at) => pointAt(at * MINUTE));
  assert.deepEqual(
    pointsWithin(held, minutes, MINUTE).map(({ at }) => at / MINUTE),
    [2, 3, 4, 5, 6, 7],
  );
});

test('of two that have a device one after the other, neither sees what speaks of the other', () => {
  const moment = fc.nat(3 * QUARTERS.step);
  fc.assert(
    fc.property(
      fc.array(moment, { minLength: 4, maxLength: 4 }),
      fc.constantFrom(SAMPLES, MINUTES, QUARTERS),
      (moments, { step }) => {
        const [a = 0, b = 0, c = 0, d = 0] = moments.toSorted((one, two) => one - two);
        const all = Array.from({ length: (4 * QUARTERS.step) / step }, (_, at) =>
          pointAt(at * step),
        );
        const seen = (startedAt: number, endedAt: number) => {
          const life = { ...instance, startedAt, endedAt };
          const held = devicesOf(life, [{ ...lease, acquiredAt: startedAt, endedAt }]);
          return held.flatMap((device) => pointsWithin(device, all, step));
        };
        assert.ok(seen(a, b).every(({ at }) => at >= a && at + step <= b));
        assert.ok(seen(c, d).every(({ at }) => at >= c && at + step <= d));
      },
    ),
  );
});
