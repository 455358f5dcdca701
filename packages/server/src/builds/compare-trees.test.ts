import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SHARE, changes, copied } from '../testing/copied-tree.ts';
import { differs } from './compare-trees.ts';

test('a copy that nobody worked on is the same, also when Python compiled for itself', async (t) => {
  const { original, copy } = await copied(t);
  assert.equal(await differs(copy, original), false);
  mkdirSync(join(copy, SHARE, '__pycache__'));
  writeFileSync(join(copy, SHARE, '__pycache__', 'six.pyc'), 'x');
  assert.equal(await differs(copy, original), false);
});

test('a copy that nobody made is no other', async (t) => {
  const { original, copy } = await copied(t);
  rmSync(join(copy, 'lib'), { recursive: true });
  assert.equal(await differs(copy, original), false);
});

for (const [what, work] of changes)
  test(`${what} makes it another`, async (t) => {
    const { original, copy } = await copied(t);
    work(join(copy, SHARE));
    assert.equal(await differs(copy, original), true);
  });
