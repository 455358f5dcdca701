import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whoGoes } from './arrivals.ts';
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
