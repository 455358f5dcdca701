import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientAddress } from './client-address.ts';

test('who asks is whom the router names last, or the proxy on this machine before it', () => {
  const said = (list?: string) =>
    clientAddress({ headers: list === undefined ? {} : { 'x-forwarded-for': list } });
  assert.equal(said('198.51.100.1'), '198.51.100.1');
  assert.equal(said('203.0.113.9, 198.51.100.1'), '198.51.100.1');
  assert.equal(said('203.0.113.9, 198.51.100.1, 127.0.0.1'), '198.51.100.1');
  assert.equal(said('203.0.113.9,198.51.100.1, ::1'), '198.51.100.1');
  assert.equal(said('127.0.0.1'), '127.0.0.1');
  assert.equal(said(), undefined);
  assert.equal(said(''), undefined);
});
