import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutCredentials } from './maven-settings.ts';

const mirrors = '<mirrors><mirror><id>ours</id><url>https://mirror.test/</url></mirror></mirrors>';

test('mirrors are shared as they are', () => {
  const text = `<settings>${mirrors}</settings>`;
  assert.deepEqual(withoutCredentials(text), { text, withheld: false });
});

test('credentials of servers, of proxies and in addresses are withheld', () => {
  const secret = `<settings>
    <!-- <password>SECRET</password> -->
    <servers><server><id>ours</id><username>SECRET</username><password>SECRET</password>
      <configuration><httpHeaders><value>SECRET</value></httpHeaders></configuration></server></servers>
    <servers />
    <proxies><proxy><host>proxy.test</host><username>SECRET</username><password a="b">SECRET</password></proxy></proxies>
    <mirrors><mirror><url>https://SECRET:SECRET@mirror.test/</url></mirror></mirrors>
  </settings>`;
  const { text, withheld } = withoutCredentials(secret);
  assert.doesNotMatch(text, /SECRET/);
  assert.match(text, /<host>proxy\.test<\/host>/);
  assert.match(text, /<url>https:\/\/mirror\.test\/<\/url>/);
  assert.equal(withheld, true);
});
