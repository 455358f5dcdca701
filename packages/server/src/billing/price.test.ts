import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flavors } from '../testing/flavors.ts';
import { perDay, perHour, priceOfGpus } from './price.ts';

/** In euros an hour, as the price list has it. */
const list = {
  pico: 0.00625,
  nano: 0.0083333,
  XS: 0.0222222,
  S: 0.0444444,
  M: 0.1055556,
  L: 0.2111111,
  XL: 0.4222222,
  '2XL': 0.6666667,
  '3XL': 0.8888889,
};

test('a GPU costs 10 € a day, whatever its size, and other sizes what the list says', () => {
  assert.equal(priceOfGpus(3), 30_000_000);
  for (const { name, gpus, microEurosPerDay } of flavors) {
    const hour = list[name as keyof typeof list];
    assert.equal(microEurosPerDay, gpus > 0 ? priceOfGpus(gpus) : perDay(hour), name);
  }
  assert.deepEqual(
    flavors.filter(({ gpus }) => gpus === 0).map(({ name }) => name),
    Object.keys(list),
  );
});

test('what is said in euros an hour is shown as it was said', () => {
  for (const euros of [0, 0.00625, 0.42, 12.5, 333.33]) assert.equal(perHour(perDay(euros)), euros);
});
