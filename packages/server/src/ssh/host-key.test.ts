import assert from 'node:assert/strict';
import { test } from 'node:test';
import ssh from 'ssh2';
import { makeKey } from './host-key.ts';

test('a key that cannot be read again is never kept', () => {
  const keys = Array.from({ length: 3000 }, () => ssh.utils.generateKeyPairSync('ed25519').private);
  const broken = keys.findIndex((key) => ssh.utils.parseKey(key) instanceof Error);
  assert.notEqual(broken, -1, 'the library writes all of its keys whole now: makeKey can go');
  const rest = keys.slice(broken);
  const key = makeKey(() => rest.shift() ?? '');
  assert.ok(!(ssh.utils.parseKey(key) instanceof Error));
  assert.notEqual(key, keys[broken]);
});
