import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMemory, parsePrice } from './options.ts';

test('memory is said in MiB, GiB or TiB, and nothing else is guessed', () => {
  for (const [text, mib] of [
    ['512', 512],
    ['512MiB', 512],
    ['64G', 65_536],
    ['1.5tb', 1_572_864],
    ['0.25 GiB', 256],
  ] as const)
    assert.equal(parseMemory(text), mib, text);
  for (const text of ['', 'much', '-1', '1.0001', '1KiB', '64 G B'])
    assert.throws(() => parseMemory(text), /512MiB/, text);
});

test('a price is a number of euros', () => {
  assert.equal(parsePrice('3.5'), 3.5);
  for (const text of ['', '3,5', '-1', '1e3', '3 €'])
    assert.throws(() => parsePrice(text), /euros/);
});
