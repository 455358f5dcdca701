import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { test } from 'node:test';
import { parseSshKey } from './ssh-key.ts';

const field = (bytes: Buffer | string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(bytes));
  return Buffer.concat([length, Buffer.from(bytes)]);
};
const line = (type: string, ...fields: readonly (Buffer | string)[]): string =>
  `${type} ${Buffer.concat([type, ...fields].map(field)).toString('base64')} ada@laptop`;
const number = (text = ''): Buffer => {
  const bytes = Buffer.from(text, 'base64url');
  return (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.of(0), bytes]);
};

const jwk = (key: { export(options: { format: 'jwk' }): JsonWebKey }): JsonWebKey =>
  key.export({ format: 'jwk' });
const rsa = (modulusLength: number) => {
  const { n, e } = jwk(generateKeyPairSync('rsa', { modulusLength }).publicKey);
  return { n: number(n), e: number(e) };
};
const point = (namedCurve: string): Buffer => {
  const { x = '', y = '' } = jwk(generateKeyPairSync('ec', { namedCurve }).publicKey);
  return Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
};
const refused = (text: string, why: RegExp): void =>
  assert.throws(() => parseSshKey(text), { code: 'invalid_key', message: why });

test('keys that are strong enough are taken', () => {
  const { n, e } = rsa(2048);
  assert.equal(parseSshKey(line('ssh-rsa', e, n)).comment, 'ada@laptop');
  assert.equal(parseSshKey(line('ssh-ed25519', randomBytes(32))).type, 'ssh-ed25519');
  for (const [name, curve] of [
    ['nistp256', 'P-256'],
    ['nistp384', 'P-384'],
    ['nistp521', 'P-521'],
  ] as const)
    parseSshKey(line(`ecdsa-sha2-${name}`, name, point(curve)));
});

test('RSA of less than 2048 bits, or with an exponent of 1, is refused', () => {
  const { n, e } = rsa(1024);
  refused(line('ssh-rsa', e, n), /1024 bits/);
  refused(line('ssh-rsa', Buffer.of(1), rsa(2048).n), /exponent/);
  refused(line('ssh-rsa', Buffer.of(16), rsa(2048).n), /exponent/);
  refused(line('ssh-rsa', e, Buffer.alloc(2048, 0x7f)), /16383 bits/);
});

test('DSA and curves that SSH does not name are refused', () => {
  refused(line('ssh-dss', randomBytes(128)), /type must be/);
  refused(line('ecdsa-sha2-nistp192', 'nistp192', randomBytes(49)), /type must be/);
  refused(line('ecdsa-sha2-nistp256', 'nistp384', point('P-384')), /damaged/);
  refused(line('constructor', 'x'), /type must be/);
});

test('what is no point of its curve is refused', () => {
  refused(line('ecdsa-sha2-nistp256', 'nistp256', Buffer.alloc(65, 4)), /damaged/);
});

test('a key has one spelling: nothing behind it, no number with zeros before it', () => {
  const { n, e } = rsa(2048);
  refused(line('ssh-ed25519', randomBytes(32), 'more'), /damaged/);
  refused(line('ssh-rsa', e, Buffer.concat([Buffer.of(0), n])), /damaged/);
  refused(line('ssh-rsa', Buffer.concat([Buffer.of(0), e]), n), /damaged/);
  const whole = line('ssh-ed25519', randomBytes(32)).split(' ');
  const cut = Buffer.from(whole[1] ?? '', 'base64').subarray(0, -1);
  refused(`ssh-ed25519 ${cut.toString('base64')}`, /damaged/);
});
