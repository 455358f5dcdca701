import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Refusal } from '../lib/refusal.ts';
import { parseJson } from './parse-json.ts';

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

test('whatever is JSON comes out as it went in', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5, noUnicodeString: false }), (text) => {
      fc.pre(!text.includes('__proto__'));
      assert.deepEqual(parseJson(text), JSON.parse(text));
    }),
  );
  assert.equal(parseJson(' \n'), undefined);
});

test('brackets count where they open something, and not in text', () => {
  assert.ok(parseJson(nested(32)));
  assert.throws(() => parseJson(nested(33)), Refusal);
  assert.throws(() => parseJson('['.repeat(1_000_000)), Refusal);
  assert.throws(() => parseJson('{"a":'.repeat(33)), Refusal);
  const text = JSON.stringify(['['.repeat(100), '"[{\\'.repeat(100)]);
  assert.deepEqual(parseJson(text), JSON.parse(text));
  assert.throws(() => parseJson('[1'), /not valid JSON/);
});

test('an object that owns "__proto__" is refused at any depth, however it is spelled', () => {
  for (const key of [
    '__proto__',
    '\\u005f\\u005fproto\\u005F\\u005f',
    '__\\u0070roto__',
    '__p\\u0072oto__',
  ])
    for (const text of [`{"${key}":1}`, `[{"a":{"${key}":{}}}]`])
      assert.throws(() => parseJson(text), /Nothing may be called/, text);
  assert.deepEqual(parseJson('"__proto__"'), '__proto__');
  assert.deepEqual(parseJson('{"constructor":1}'), { constructor: 1 });
});
