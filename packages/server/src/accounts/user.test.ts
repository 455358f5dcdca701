import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEmail } from './user.ts';

test('an address is kept in lower case, and holds nothing that makes it look like another', () => {
  assert.equal(parseEmail(' Ada.Lovelace+x@Example.COM '), 'ada.lovelace+x@example.com');
  assert.equal(parseEmail('jürgen@example.com'), 'jürgen@example.com');
  for (const odd of ['', 'ada', 'a@b@c', 'a b@c.d', 'a\n@c.d', 'a\u202Emoc.d@x.y', 'a\u200F@c.d'])
    assert.throws(() => parseEmail(odd), { code: 'invalid_email' }, JSON.stringify(odd));
});
