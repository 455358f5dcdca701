import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { need } from '../../packages/server/src/testing/need.ts';
import { isolated } from './hostile.ts';
import { meetHostileTrees, readAsNobody, serveTwo } from './hostile-tree.ts';
import { openPlatform } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());
const isRoot = process.getuid?.() === 0;

test('a tenant’s steps lead the platform nowhere by the links that they leave', async (t) => {
  if (!need(t, isolated && isRoot, 'root, bubblewrap and nftables')) return;
  await meetHostileTrees(platform);
});

test('who is nobody here reads nothing of the platform’s but what is to be trusted', async (t) => {
  if (!need(t, isolated && isRoot, 'root, bubblewrap and nftables')) return;
  await serveTwo(platform);
  assert.deepEqual(await readAsNobody(platform), [join(platform.data, 'ca.pem')]);
});
