import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeRoute } from '../testing/router.ts';
import { findRoute, hostName, indexRoutes } from './find-route.ts';

const indexOf = (...routes: readonly [host: string, pathPrefix: string][]) =>
  indexRoutes({
    version: 1,
    platformHosts: ['localhost', 'grid.example'],
    routes: routes.map(([host, pathPrefix]) =>
      makeRoute({ host, pathPrefix, applicationId: `${host}${pathPrefix}` }),
    ),
  });

/** The application that a request finds, or where else it goes. */
function found(index: ReturnType<typeof indexOf>, host: string, path = '/') {
  const route = findRoute(index, host, path);
  return typeof route === 'object' ? route.applicationId : route;
}

test('a host is found by its whole name, else by the wildcard one level above', () => {
  const index = indexOf(['a.example.com', '/'], ['*.example.com', '/']);
  assert.equal(found(index, 'a.example.com'), 'a.example.com/');
  assert.equal(found(index, 'b.example.com'), '*.example.com/');
  assert.equal(found(index, 'example.com'), undefined);
  assert.equal(found(index, 'deep.b.example.com'), undefined);
});

test('the platform answers at its own names and at bare addresses', () => {
  const index = indexOf(['a.example.com', '/']);
  for (const host of ['localhost', 'grid.example', '127.0.0.1', '[::1]', ''])
    assert.equal(found(index, host), 'platform', host);
  assert.equal(found(index, 'nobody.example'), undefined);
});

test('the longest path wins, by whole segments', () => {
  const index = indexOf(['a.test', '/'], ['a.test', '/api'], ['a.test', '/api/v2/']);
  assert.equal(found(index, 'a.test', '/'), 'a.test/');
  assert.equal(found(index, 'a.test', '/apis'), 'a.test/');
  assert.equal(found(index, 'a.test', '/api'), 'a.test/api');
  assert.equal(found(index, 'a.test', '/api?x=/api/v2/'), 'a.test/api');
  assert.equal(found(index, 'a.test', '/api/v2/x'), 'a.test/api/v2/');
  assert.equal(found(indexOf(['a.test', '/api']), 'a.test', '/other'), undefined);
});

test('of all prefixes that cover a path, none is longer than the one found', () => {
  const segment = fc.constantFrom('a', 'b', 'ab');
  const path = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
  fc.assert(
    fc.property(fc.uniqueArray(path, { minLength: 1 }), path, (prefixes, asked) => {
      const index = indexOf(...prefixes.map((prefix): [string, string] => ['a.test', prefix]));
      const covering = prefixes.filter(
        (prefix) => prefix === '/' || asked === prefix || asked.startsWith(`${prefix}/`),
      );
      const longest = covering.toSorted((a, b) => b.length - a.length)[0];
      assert.equal(found(index, 'a.test', asked), longest && `a.test${longest}`);
    }),
  );
});

test('a host header is a name without its port, in small letters', () => {
  assert.equal(hostName('App.Test:8080'), 'app.test');
  assert.equal(hostName('[::1]:8080'), '[::1]');
  assert.equal(hostName('app.test.'), 'app.test');
  assert.equal(hostName(undefined), '');
});
