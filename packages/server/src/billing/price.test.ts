import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flavors } from '../scheduling/flavor.ts';
import { microEurosPerDay } from './price.ts';

test('a GPU costs 10 € a day, whatever its size, and other sizes what the list says', () => {
  for (const flavor of flavors.filter(({ gpus }) => gpus > 0))
    assert.equal(microEurosPerDay(flavor), flavor.gpus * 10_000_000);
  assert.equal(microEurosPerDay({ name: 'XS', gpus: 0 }), 533_333);
});

test('every size has a price', () => {
  assert.deepEqual(
    flavors.filter((flavor) => microEurosPerDay(flavor) === 0),
    [],
  );
});
