import assert from 'node:assert/strict';
import { test } from 'node:test';
import { candidateSubnets, lowerHalf, parseRoutes, upperHalf } from './subnets.ts';

test('an owner keeps its candidates, and none overlaps with what is taken', () => {
  const free = candidateSubnets('orga_a', []);
  assert.equal(free.length, 32);
  assert.deepEqual(free, candidateSubnets('orga_a', []));
  assert.notEqual(free[0], candidateSubnets('orga_b', [])[0]);
  for (const one of free)
    assert.match(one, /^10\.(6[4-9]|7\d|8\d|9\d|1[01]\d|12[0-7])\.\d+\.0\/22$/);
  assert.deepEqual(candidateSubnets('orga_a', [{ address: 10 * 2 ** 24, bits: 8 }]), []);
  const [first = '', ...others] = free;
  const [a = 0, b = 0, c = 0] = first.split('.').map((part) => Number.parseInt(part, 10));
  const inside = { address: ((a * 256 + b) * 256 + c + 1) * 256 + 7, bits: 32 };
  assert.deepEqual(candidateSubnets('orga_a', [inside])[0], others[0]);
});

test('a subnet has a half that the engine gives away, and one that the platform does', () => {
  assert.equal(lowerHalf('10.64.4.0/22'), '10.64.4.0/23');
  const given = upperHalf('10.64.4.0/22');
  assert.equal(given.length, 2 * 254);
  assert.deepEqual([given[0], given.at(-1)], ['10.64.6.1', '10.64.7.254']);
  assert.deepEqual(upperHalf('10.9.8.0/29'), ['10.9.8.4', '10.9.8.5', '10.9.8.6', '10.9.8.7']);
});

test('routes are read as the kernel shows them', () => {
  const text = [
    'Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT',
    'eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    '',
  ].join('\n');
  assert.deepEqual(parseRoutes(text), [{ address: 0xc0a80000, bits: 24 }]);
});
