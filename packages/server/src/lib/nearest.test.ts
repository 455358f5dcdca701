import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearest } from './nearest.ts';

const names = ['dataDirectory', 'domain', 'domains', 'httpPort', 'httpsPort', 'sshPort'];

for (const [word, meant] of [
  ['domian', 'domain'],
  ['http-port', 'httpPort'],
  ['HTTP_PROT', 'httpPort'],
  ['data_dir', 'dataDirectory'],
  ['sshport', 'sshPort'],
  ['colour', undefined],
  ['', undefined],
] as const)
  test(`${word || 'nothing'} was probably meant as ${meant ?? 'none of them'}`, () => {
    assert.equal(nearest(word, names), meant);
  });

test('a swap, a letter too many, one too few and a wrong one are one step each', () => {
  for (const one of ['prot', 'porrt', 'por', 'pork']) assert.equal(editDistance(one, 'port'), 1);
  assert.equal(editDistance('', 'port'), 4);
});

test('the way is as long as the way back, and nothing where nothing differs', () => {
  const word = fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'b', 'c') });
  fc.assert(
    fc.property(word, word, (a, b) => {
      assert.equal(editDistance(a, b), editDistance(b, a));
      assert.equal(editDistance(a, b) === 0, a === b);
      assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
    }),
  );
});
