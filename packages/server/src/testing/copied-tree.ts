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
import type { TestContext } from 'node:test';
import { treeOf } from './tree-of.ts';

/** Where most is in it. */
export const SHARE = 'lib/site-packages';

/** What is installed, and a copy of it with its times. */
export async function copied(t: TestContext): Promise<{ original: string; copy: string }> {
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

/** What somebody may do to a copy that makes it another. */
export const changes = [
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
  ['another mode of a folder', (at: string) => chmodSync(join(at, 'a'), 0o700)],
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
] as const;
