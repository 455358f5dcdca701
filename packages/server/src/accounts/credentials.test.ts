import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newTokenPair, parseAuthorization } from './credentials.ts';

test('no token and no secret is taken for an option of a program that it is given to', () => {
  for (let one = 0; one < 1_000; one += 1) {
    const { token, secret } = newTokenPair();
    assert.match(token, /^[a-z\d]+$/);
    assert.match(secret, /^[a-z\d]+$/);
  }
});

test('a pair comes as it went, by each of the three schemes', () => {
  const { token, secret } = newTokenPair();
  const basic = Buffer.from(`${token}:${secret}`).toString('base64');
  for (const header of [
    `Bearer ${token}.${secret}`,
    `Basic ${basic}`,
    `OAuth oauth_token="${token}", oauth_signature_method="PLAINTEXT", oauth_signature="any&${secret}"`,
  ])
    assert.deepEqual(parseAuthorization(header), { token, secret });
});

test('parameters may have room around them, and any beside those that count', () => {
  const { token, secret } = newTokenPair();
  const header = `OAuth  realm="a, b" , oauth_token = "${token}",oauth_version="1.0",x,\toauth_signature="c%26${secret}"`;
  assert.deepEqual(parseAuthorization(header), { token, secret });
  for (const wrong of [`oauth_token=${token}, oauth_signature="c&${secret}"`, 'oauth_token', ''])
    assert.equal(parseAuthorization(`OAuth ${wrong}`), undefined);
});

test('a header that is longer than any is nobody’s', () => {
  const { token, secret } = newTokenPair();
  const header = (padding: number) =>
    `OAuth a="${'a'.repeat(padding)}", oauth_token="${token}", oauth_signature="&${secret}"`;
  assert.deepEqual(parseAuthorization(header(3_000)), { token, secret });
  assert.equal(parseAuthorization(header(4_096)), undefined);
});
