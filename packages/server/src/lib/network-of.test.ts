import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOf } from './network-of.ts';

test('IPv4 addresses are each somebody’s, of IPv6 a network of 64 bits is', () => {
  assert.equal(networkOf('198.51.100.7'), '198.51.100.7');
  for (const address of ['2001:db8:1:2::', '2001:db8:1:2::1', '2001:0DB8:1:2:ffff:1:2:3'])
    assert.equal(networkOf(address), '2001:db8:1:2');
  assert.equal(networkOf('2001:db8::1'), '2001:db8:0:0');
  assert.equal(networkOf('::1'), '0:0:0:0');
  assert.equal(networkOf('::ffff:192.0.2.1'), '192.0.2.1', 'whichever way it is written');
  assert.equal(networkOf('fe80::1%eth0'), networkOf('fe80::2'));
  assert.equal(networkOf(''), '');
});
