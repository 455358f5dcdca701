import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildRouteTable, routeState } from './build-table.ts';

test('each domain of an application has a route to all its instances, and nothing else of them', () => {
  const instance = { instanceId: 'i', host: '10.0.0.2', port: 8080, applicationId: 'app_1' };
  const { routes, ...table } = buildRouteTable({
    version: 7,
    platformHosts: ['localhost'],
    applications: [
      {
        applicationId: 'app_1',
        domains: [
          { host: 'a.test', pathPrefix: '/' },
          { host: 'b.test', pathPrefix: '/api' },
        ],
        state: 'serving',
        upstreams: [instance],
        forceHttps: true,
        stickySessions: false,
      },
    ],
  });
  assert.deepEqual(table, { version: 7, platformHosts: ['localhost'] });
  assert.deepEqual(
    routes.map(({ host, pathPrefix }) => host + pathPrefix),
    ['a.test/', 'b.test/api'],
  );
  for (const route of routes) {
    assert.deepEqual(route.upstreams, [{ instanceId: 'i', host: '10.0.0.2', port: 8080 }]);
    assert.equal(route.forceHttps, true);
  }
});

test('what serves is served whatever is wanted; what does not says why', () => {
  assert.equal(routeState('down', { serving: true, standing: false }), 'serving');
  assert.equal(routeState('up', { serving: false, standing: true }), 'starting');
  assert.equal(routeState('up', { serving: false, standing: false }), 'failed');
  assert.equal(routeState('down', { serving: false, standing: true }), 'stopped');
});
