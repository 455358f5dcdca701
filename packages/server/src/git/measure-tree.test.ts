import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, createTotals } from './measure-tree.ts';
import type { Failure } from '../builds/recipe.ts';
import type { TreeBounds } from './measure-tree.ts';

const bounds: TreeBounds = { bytes: 1024 ** 3, entries: 4, pathBytes: 20, allPathBytes: 50 };
const ID = 'a'.repeat(40);
const file = (path: string, size = 1): string =>
  `100644 blob ${ID} ${String(size).padStart(7)}\t${path}`;
const folder = (path: string): string => `040000 tree ${ID}       -\t${path}`;

function refused(entries: readonly string[]): Failure | undefined {
  const totals = createTotals();
  for (const entry of entries) {
    const why = count(totals, entry, bounds);
    if (why !== undefined) return why;
  }
  return undefined;
}

const GIB = 1024 ** 3;

test('what a tree may not be is said', () => {
  const table: [entries: string[], why: RegExp | undefined][] = [
    [[file('a', GIB), file('b', 0), folder('c'), file('c/d', 0)], undefined],
    [[file('a', GIB), file('b')], /more than 1 GiB of disk\. Keep data/],
    [[folder('a'), folder('a/b'), folder('a/b/c'), folder('d'), file('e')], /more than 4 files/],
    [[file('x'.repeat(21))], /longer than 20 bytes/],
    [[file('x'.repeat(20)), file('y'.repeat(20)), file('z'.repeat(20))], /paths .* together/],
    [[file('.gitattributes'), file('b', GIB / 4)], /may make them grow, they may have 0\.25 GiB/],
    [[file('b', GIB / 2), file('c/.gitattributes')], /may make them grow/],
    [[file('a\n\tb', GIB), file('\t\n', 1)], /more than 1 GiB/],
  ];
  for (const [entries, why] of table)
    if (why === undefined) assert.equal(refused(entries), undefined);
    else assert.match(refused(entries)?.detail ?? '', why);
});

test('folders are as deep as anybody looks, and paths as long; it is not the disk that is full', () => {
  const wide = { ...bounds, pathBytes: 2048, allPathBytes: 1024 ** 2, entries: 10 };
  const told = (entry: string): Failure | undefined => count(createTotals(), entry, wide);
  assert.equal(told(file(`${'d/'.repeat(256)}x`)), undefined);
  for (const entry of [file(`${'d/'.repeat(257)}x`), folder(`${'d/'.repeat(257)}d`)])
    assert.match(told(entry)?.detail ?? '', /deeper than 256/);
  assert.equal(told(file('x'.repeat(2049)))?.reason, 'invalid_repository');
});
