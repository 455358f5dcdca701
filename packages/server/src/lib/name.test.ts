import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName, parseText } from './name.ts';
import { Refusal } from './refusal.ts';

const harmful = [
  '\u001b[2J',
  'a\u202ecod.exe',
  '\u2066a',
  '\u200fa',
  'a\u061cb',
  'a\u0085b',
  '\u2028',
  'a\u0007',
];

test('names and descriptions do nothing to whoever reads them', () => {
  for (const text of harmful) {
    assert.throws(() => parseName('name', `x${text}x`), Refusal, JSON.stringify(text));
    assert.throws(() => parseText('description', `x${text}x`), Refusal, JSON.stringify(text));
  }
  assert.throws(() => parseName('name', 'two\nlines'), Refusal);
});

test('people are called in any script, and describe in several lines', () => {
  for (const name of ['Ada', 'Żółć', 'שלום', 'مرحبا', '漢字', '👩‍👩‍👧', 'x y'])
    assert.equal(parseName('name', name), name);
  assert.equal(parseText('description', 'two\r\n\tlines'), 'two\r\n\tlines');
});
