import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spellStart } from './queue.ts';

const HOUR = 3_600_000;

test('a start that was measured is told; one that is assumed is said to be unknown, with what is assumed', () => {
  const nothing = { expectedAt: null, latestAt: null, expectation: null };
  assert.equal(
    spellStart({ ...nothing, expectedAt: 3 * HOUR, expectation: 'estimate' }, 0),
    'starts in 3 h',
  );
  assert.equal(
    spellStart({ ...nothing, latestAt: 3 * HOUR, expectation: 'bound' }, 0),
    'start not known: the runs before it have no history; at the latest in 3 h',
  );
  assert.equal(
    spellStart({ ...nothing, latestAt: 24 * HOUR, expectation: 'assumption' }, 0),
    'start not known: the runs before it have no history; at the latest in 24 h, if none takes longer than is assumed',
  );
  assert.equal(spellStart(nothing, 0), 'start not known');
});
