import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { openKeyring } from './encryption.ts';

test('the size of what is sealed is known without opening it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'grid-keys-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const keyring = openKeyring(folder);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const sealed = keyring.encrypt(text, 'here');
      assert.equal(keyring.sizeOf(sealed), Buffer.byteLength(text));
      assert.equal(keyring.decrypt(sealed, 'here'), text);
    }),
  );
});
