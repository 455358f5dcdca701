import assert from 'node:assert/strict';
import { test } from 'node:test';
import { need } from '../../packages/server/src/testing/need.ts';
import { isolated, meetHostile, secret } from './hostile.ts';
import { openPlatform, several } from './platform.ts';

test('a hostile application reaches nothing that is not its own', async (t) => {
  if (!need(t, isolated, 'bubblewrap and nftables')) return;
  const seen = await meetHostile(await openPlatform({ ...secret, ...several }));
  assert.ok(seen >= 2, `those who stay for a while with who enters: ${seen}`);
});
