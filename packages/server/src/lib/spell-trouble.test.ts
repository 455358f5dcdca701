import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { spellTrouble } from './spell-trouble.ts';

const messageOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return spellTrouble(error);
  }
  throw new Error('it worked');
};

test('what the platform met is told without the platform’s own paths', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'grid own '));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'file'), '');
  const gone = join(folder, 'd\ufffdp');
  assert.equal(
    messageOf(() => readdirSync(gone)),
    "ENOENT: no such file or directory, scandir '…'",
  );
  assert.equal(
    messageOf(() => renameSync(gone, join(folder, 'file', 'x'))),
    "ENOTDIR: not a directory, rename '…' -> '…'",
  );
});

test('what a message says itself stays, but for paths', () => {
  const table = [
    [
      'git failed: fatal: not in /data/grid/repositories/app.git (code 1)',
      'git failed: fatal: not in … (code 1)',
    ],
    ['GET http://registry/v2/x: 1/2 of it', 'GET http://registry/v2/x: 1/2 of it'],
    ['cannot open "/srv/a b"', 'cannot open "… b"'],
  ] as const;
  for (const [said, told] of table) assert.equal(spellTrouble(new Error(said)), told);
  assert.equal(spellTrouble('text'), 'text');
});
