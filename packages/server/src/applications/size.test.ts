import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { flavors } from '../scheduling/flavor.ts';
import { parseSize } from './size.ts';

const fixed = { nodes: 2, maxNodes: 2, flavor: 'S', maxFlavor: 'S' };

test('what is not named stays as it is', () => assert.deepEqual(parseSize({}, fixed), fixed));

test('a fixed size stays fixed where one end alone is named', () => {
  assert.deepEqual(parseSize({ maxNodes: 3 }, fixed), { ...fixed, nodes: 3, maxNodes: 3 });
  assert.deepEqual(parseSize({ flavor: 'M' }, fixed), { ...fixed, flavor: 'M', maxFlavor: 'M' });
});

test('of a range one end moves alone', () => {
  const range = { ...fixed, maxNodes: 5 };
  assert.deepEqual(parseSize({ maxNodes: 3 }, range), { ...range, maxNodes: 3 });
  assert.deepEqual(parseSize({ nodes: 3 }, range), { ...range, nodes: 3 });
});

test('ends in the wrong order, unknown flavors and impossible numbers are refused with the field', () => {
  const refused = (asked: Parameters<typeof parseSize>[0], field: string) =>
    assert.throws(
      () => parseSize(asked, fixed),
      (error: { fields?: object }) => field in (error.fields ?? {}),
    );
  refused({ nodes: 3, maxNodes: 2 }, 'minInstances');
  refused({ flavor: 'XL', maxFlavor: 'S' }, 'minFlavor');
  refused({ flavor: 'GIANT' }, 'flavor');
  for (const nodes of [0, 41, 1.5, Number.NaN]) refused({ nodes }, 'nodes');
});

test('a size that is taken has both ends in order', () => {
  const name = fc.constantFrom(...flavors.map((flavor) => flavor.name));
  const asked = fc.record(
    {
      nodes: fc.integer({ min: 1, max: 40 }),
      maxNodes: fc.integer({ min: 1, max: 40 }),
      flavor: name,
      maxFlavor: name,
    },
    { requiredKeys: [] },
  );
  const rank = (wanted: string) => flavors.findIndex((flavor) => flavor.name === wanted);
  fc.assert(
    fc.property(asked, (one) => {
      try {
        const size = parseSize(one, fixed);
        return size.nodes <= size.maxNodes && rank(size.flavor) <= rank(size.maxFlavor);
      } catch (error) {
        return (error as { code?: string }).code === 'invalid';
      }
    }),
  );
});
