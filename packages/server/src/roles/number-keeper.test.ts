import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goneOf } from './number-keeper.ts';

test('gone is who has a number and no row, an owner with its last application', () => {
  const rows = [
    { id: 'app_a', ownerId: 'orga_a' },
    { id: 'app_new', ownerId: 'orga_new' },
  ];
  const numbered = { applications: ['app_a', 'app_b'], owners: ['orga_a', 'orga_b'] };
  assert.deepEqual(goneOf(numbered, rows), { applications: ['app_b'], owners: ['orga_b'] });
  assert.deepEqual(goneOf({ applications: [], owners: [] }, rows), {
    applications: [],
    owners: [],
  });
});
