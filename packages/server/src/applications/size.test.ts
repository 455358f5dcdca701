import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { flavors } from '../testing/flavors.ts';
import { parseSize as parse } from './size.ts';

type Asked = Parameters<typeof parse>[0];

const parseSize = (asked: Asked, known: Parameters<typeof parse>[1]) =>
  parse(asked, known, flavors);

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
  const refused = (asked: Asked, field: string) =>
    assert.throws(
      () => parseSize(asked, fixed),
      (error: { fields?: object }) => field in (error.fields ?? {}),
    );
  refused({ nodes: 3, maxNodes: 2 }, 'minInstances');
  refused({ flavor: 'XL', maxFlavor: 'S' }, 'minFlavor');
  refused({ flavor: 'GIANT' }, 'flavor');
  for (const nodes of [0, 41, 1.5, Number.NaN]) refused({ nodes }, 'nodes');
});

test('a size goes by the name that it has, and ends that an operator turned round are left', () => {
  const asked = parseSize({ flavor: 'ML_XXL' }, fixed);
  assert.deepEqual([asked.flavor, asked.maxFlavor], ['ML_2XL', 'ML_2XL']);
  const turned = { ...fixed, flavor: 'XL' };
  assert.deepEqual(parseSize({ maxNodes: 3 }, turned), { ...turned, nodes: 3, maxNodes: 3 });
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
