import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { treeOf } from '../testing/tree-of.ts';
import { differs } from './compare-trees.ts';

const SHARE = 'lib/site-packages';

async function copied(t: TestContext): Promise<{ original: string; copy: string }> {
  const original = await treeOf(t, { [`${SHARE}/six.py`]: 'VALUE = 6', [`${SHARE}/a/b.py`]: '' });
  symlinkSync('six.py', join(original, SHARE, 'link.py'));
  const copy = await treeOf(t, {});
  execFileSync('cp', [
    '-R',
    '--no-dereference',
    '--preserve=mode,timestamps',
    `${original}/.`,
    copy,
  ]);
  return { original, copy };
}

test('a copy that nobody worked on is the same, also when Python compiled for itself', async (t) => {
  const { original, copy } = await copied(t);
  assert.equal(await differs(copy, original), false);
  mkdirSync(join(copy, SHARE, '__pycache__'));
  writeFileSync(join(copy, SHARE, '__pycache__', 'six.pyc'), 'x');
  assert.equal(await differs(copy, original), false);
});

for (const [what, work] of [
  ['something new', (at: string) => writeFileSync(join(at, 'new.py'), '')],
  ['something new far below', (at: string) => mkdirSync(join(at, 'a', 'c'))],
  ['something gone', (at: string) => rmSync(join(at, 'a', 'b.py'))],
  [
    'one in place of another',
    (at: string) => {
      rmSync(join(at, 'six.py'));
      writeFileSync(join(at, 'seven.py'), '');
    },
  ],
  ['more in a file', (at: string) => appendFileSync(join(at, 'six.py'), '\n')],
  [
    'other bytes in a file',
    (at: string) => {
      const text = readFileSync(join(at, 'six.py'), 'utf8');
      const { atime, mtime } = statSync(join(at, 'six.py'));
      writeFileSync(join(at, 'six.py'), text.replace('6', '7'));
      utimesSync(join(at, 'six.py'), atime, new Date(mtime.getTime() + 10));
    },
  ],
  ['another mode', (at: string) => chmodSync(join(at, 'six.py'), 0o755)],
  [
    'a link elsewhere',
    (at: string) => {
      rmSync(join(at, 'link.py'));
      symlinkSync('a/b.py', join(at, 'link.py'));
    },
  ],
  [
    'a file for a folder',
    (at: string) => {
      rmSync(join(at, 'a'), { recursive: true });
      writeFileSync(join(at, 'a'), '');
    },
  ],
] as const)
  test(`${what} makes it another`, async (t) => {
    const { original, copy } = await copied(t);
    work(join(copy, SHARE));
    assert.equal(await differs(copy, original), true);
  });
