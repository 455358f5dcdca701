import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOf, whoGoes } from './arrivals.ts';
import type { Stage } from './arrivals.ts';

const BOUNDS = { perNetwork: 3, total: 5 };
const from = (network: string, stage: Stage = 'connected', name = '') => ({ network, stage, name });

test('as long as there is room nobody goes', () => {
  assert.equal(whoGoes([], BOUNDS), undefined);
  const all = [from('a'), from('a'), from('a'), from('b'), from('b')];
  for (let count = 1; count <= all.length; count += 1)
    assert.equal(whoGoes(all.slice(0, count), BOUNDS), undefined);
});

test('of one network who came first, and least far, goes for a newcomer', () => {
  const first = from('a', 'connected', 'first');
  const spoke = from('a', 'spoke', 'spoke');
  const agreed = from('a', 'agreed', 'agreed');
  const late = from('a', 'connected', 'newcomer');
  assert.equal(whoGoes([agreed, spoke, first, late], BOUNDS)?.name, 'first');
  assert.equal(whoGoes([agreed, spoke, agreed, late], BOUNDS)?.name, 'spoke');
  assert.equal(whoGoes([agreed, agreed, agreed, late], BOUNDS)?.name, 'agreed');
});

test('when all is full, one goes of the network with the most', () => {
  const crowd = [from('a', 'agreed', 'a1'), from('a', 'spoke', 'a2'), from('a', 'agreed', 'a3')];
  const others = [from('b'), from('c'), from('d')];
  assert.equal(whoGoes([...crowd, ...others], BOUNDS)?.name, 'a2');
  const alone = ['a', 'b', 'c', 'd', 'e', 'f'].map((network) => from(network, 'spoke', network));
  assert.equal(whoGoes(alone, BOUNDS)?.name, 'a');
});

test('an address of IPv6 counts for its network', () => {
  assert.equal(networkOf('192.0.2.1'), '192.0.2.1');
  assert.equal(networkOf('::ffff:192.0.2.1'), '::ffff:192.0.2.1');
  const same = ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'];
  assert.equal(new Set(same.map(networkOf)).size, 1);
  assert.notEqual(networkOf('2001:db8:1:3::1'), networkOf('2001:db8:1:2::1'));
  assert.equal(networkOf('fe80::1%eth0'), networkOf('fe80::2'));
  assert.equal(networkOf('::1'), '0:0:0:0::/64');
});
