import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spellEnded } from './tokens.ts';

test('what was ended is counted, and what goes on is named', () => {
  assert.equal(spellEnded({ ended: 1, apiTokens: 0 }), '1 other session or token pair is ended.');
  assert.equal(
    spellEnded({ ended: 0, apiTokens: 2 }),
    '0 other sessions and token pairs are ended. 2 API tokens go on: grid tokens list',
  );
});
