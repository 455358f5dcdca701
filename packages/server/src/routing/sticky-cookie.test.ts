import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bindTo, namedInstances, withoutOurs } from './sticky-cookie.ts';

const upstream = { instanceId: 'instance_b', host: '10.0.0.1', port: 8080 };

test('an instance is named by our cookie alone, whatever stands beside it', () => {
  assert.deepEqual(namedInstances('x=1; grid_instance=a; y="grid_instance=c"'), ['a']);
  assert.deepEqual(namedInstances('grid_instance=a;grid_instance=b'), ['a', 'b']);
  assert.deepEqual(namedInstances('my_grid_instance=a; grid_instance_2=b'), []);
  assert.deepEqual(namedInstances(undefined), []);
});

test('an application is told of its own cookies, byte for byte, and not of ours', () => {
  const theirs = 'a="x y";  b=\u00e9=; grid_instances=1; a=2';
  assert.equal(withoutOurs(theirs), theirs);
  assert.equal(withoutOurs(`grid_instance=a; ${theirs}`), theirs);
  assert.equal(withoutOurs(`${theirs}; grid_instance=a;grid_instance=b`), theirs);
  assert.equal(withoutOurs('grid_instance=a'), '');
});

test('a visitor is bound where no cookie does it yet, within the application’s part of a name', () => {
  const bind = (cookies?: string, pathPrefix = '/', secure = false) =>
    bindTo(upstream, { pathPrefix }, { cookies, secure });
  assert.equal(bind(), 'grid_instance=instance_b; Path=/; HttpOnly; SameSite=Lax');
  assert.match(bind('grid_instance=instance_a') ?? '', /^grid_instance=instance_b;/);
  assert.equal(bind('grid_instance=instance_b'), undefined);
  assert.match(bind('', '/api', true) ?? '', /; Path=\/api; .*; Secure$/);
  assert.match(bind('', '/a;b') ?? '', /; Path=\/; /);
});
