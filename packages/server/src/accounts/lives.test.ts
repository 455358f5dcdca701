import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY } from '../lib/duration.ts';
import { firstExpiry, planUse } from './lives.ts';

const kinds = [
  ['session', 14, 90],
  ['pair', 90, 365],
] as const;

for (const [kind, idle, most] of kinds)
  test(`a ${kind} ends after ${idle} days without use, and after ${most} in any case`, () => {
    let token = { kind, createdAt: 0, usedAt: 0, expiresAt: firstExpiry(kind, 0) };
    assert.equal(token.expiresAt, idle * DAY);
    for (let day = 1; day * DAY < token.expiresAt; day += 1)
      token = { ...token, ...(planUse(token, day * DAY) as { usedAt: number; expiresAt: number }) };
    assert.equal(token.expiresAt, most * DAY);
  });

test('a use is written once a day at most', () => {
  const token = { kind: 'pair', createdAt: 0, usedAt: DAY, expiresAt: 90 * DAY } as const;
  assert.equal(planUse(token, 2 * DAY - 1), undefined);
  assert.deepEqual(planUse(token, 2 * DAY), { usedAt: 2 * DAY, expiresAt: 92 * DAY });
});

test('an API token ends when its maker said, however much it is used', () => {
  const token = { kind: 'api', createdAt: 0, usedAt: null, expiresAt: 7 * DAY } as const;
  assert.deepEqual(planUse(token, DAY), { usedAt: DAY, expiresAt: 7 * DAY });
});

test('what was given longer, by an earlier version, keeps it', () => {
  const token = { kind: 'pair', createdAt: 0, usedAt: null, expiresAt: 365 * DAY } as const;
  assert.equal(planUse(token, DAY)?.expiresAt, 365 * DAY);
});
