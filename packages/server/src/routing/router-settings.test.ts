import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeSettings, planRouter } from './router-settings.ts';
import type { RouterSettings } from './router-settings.ts';

const settings: RouterSettings = {
  version: '1.0.0',
  directory: '/srv/grid/router',
  controlSocket: '/srv/grid/control.sock',
  address: '127.0.0.1',
  ports: { http: 8080, https: 8443 },
  certificate: { certificate: '/srv/grid/keys/server.pem', key: '/srv/grid/keys/server.pem' },
  namespaces: { userns: '/proc/7/ns/user', netns: '/proc/7/ns/net' },
  python: '/usr/bin/python3',
  connectionsPerApplication: 4_096,
};
const program = ['node', 'router.ts'];

/** What becomes of a router of the settings above where others are wanted. */
function plan(wanted: Partial<RouterSettings>, wantedProgram = program) {
  const running = {
    pid: 1,
    startedWith: describeSettings(settings, program),
    draining: false,
    tableVersion: 1,
    ports: settings.ports,
    inFlight: {},
  };
  const next = { ...settings, ...wanted };
  return planRouter(running, { ...describeSettings(next, wantedProgram), ports: next.ports });
}

test('a router as it is wanted is kept, whatever port it was given where any will do', () => {
  assert.equal(plan({}), 'keep');
  assert.equal(plan({ ports: { http: 0, https: 0 } }), 'keep');
  assert.equal(plan({ python: '/usr/local/bin/python3' }), 'keep');
});

test('another program or setting inherits the sockets of the router that runs', () => {
  assert.equal(plan({ version: '1.1.0' }), 'succeed');
  assert.equal(plan({}, ['node', 'elsewhere/router.ts']), 'succeed');
  assert.equal(plan({ controlSocket: '/srv/other/control.sock' }), 'succeed');
  assert.equal(plan({ connectionsPerApplication: 100 }), 'succeed');
  const own = { certificate: '/etc/grid/cert.pem', key: '/etc/grid/key.pem' };
  assert.equal(plan({ certificate: own }), 'succeed');
});

test('another address, port or network wants other sockets', () => {
  assert.equal(plan({ address: '0.0.0.0' }), 'start');
  assert.equal(plan({ ports: { http: 8081, https: 8443 } }), 'start');
  assert.equal(plan({ ports: { http: 8080, https: 443 } }), 'start');
  assert.equal(
    plan({ namespaces: { userns: '/proc/8/ns/user', netns: '/proc/8/ns/net' } }),
    'start',
  );
  assert.equal(plan({ namespaces: undefined, version: '1.1.0' }), 'start');
});

test('where none runs, one is started', () => {
  assert.equal(
    planRouter(undefined, { ...describeSettings(settings, program), ports: settings.ports }),
    'start',
  );
});
