import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestProgram } from './program-digest.ts';

const root = join(import.meta.dirname, '..');

test('another router is another program, and its tests are not', (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'grid-router-'));
  t.after(() => rmSync(copy, { recursive: true }));
  for (const folder of ['routing', 'lib', 'roles'])
    cpSync(join(root, folder), join(copy, folder), { recursive: true });
  assert.equal(digestProgram(copy), digestProgram(root));
  writeFileSync(join(copy, 'routing', 'router.test.ts'), '');
  assert.equal(digestProgram(copy), digestProgram(root));
  for (const path of ['routing/router.ts', 'lib/clock.ts', 'roles/router.ts']) {
    const before = digestProgram(copy);
    writeFileSync(join(copy, path), '// mended\n', { flag: 'a' });
    assert.notEqual(digestProgram(copy), before, path);
  }
});
