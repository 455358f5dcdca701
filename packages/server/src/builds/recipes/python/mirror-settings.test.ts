import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseMirrorSettings } from './mirror-settings.ts';

const KEPT = { shareCredentials: false };

test('builds are told of the machine’s mirrors, in the words of pip and of uv', () => {
  const configured = "global.index-url='https://mirror.test/simple'\ninstall.timeout='30'\n";
  const { settings } = chooseMirrorSettings(
    { configured, environment: { HTTPS_PROXY: 'http://proxy.test:3128' } },
    KEPT,
  );
  assert.deepEqual(settings, {
    PIP_INDEX_URL: 'https://mirror.test/simple',
    UV_DEFAULT_INDEX: 'https://mirror.test/simple',
    PIP_TIMEOUT: '30',
    UV_HTTP_TIMEOUT: '30',
    HTTPS_PROXY: 'http://proxy.test:3128',
  });
});

test('no other variable of the platform’s reaches a build, whatever it begins with', () => {
  const environment = {
    PIP_TARGET: '/opt/own',
    PIP_PASSWORD: 'x',
    UV_PUBLISH_TOKEN: 'x',
    UV_INDEX_OURS_PASSWORD: 'x',
    UV_KEYRING_PROVIDER: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
    PATH: '/usr/bin',
  };
  const decided = chooseMirrorSettings({ configured: "global.cache-dir='/c'", environment }, KEPT);
  assert.deepEqual(decided, { settings: {}, withheld: [] });
});

for (const value of [
  'https://user:secret@mirror.test/simple',
  'https://token@mirror.test/simple',
  'https://mirror.test/simple https://user:secret@other.test/simple',
  'ours=https://user:secret@mirror.test/simple',
  'user:secret@proxy.test:3128',
])
  test(`credentials are withheld, and named: ${value}`, () => {
    const found = { configured: '', environment: { UV_INDEX: value, all_proxy: value } };
    const decided = chooseMirrorSettings(found, KEPT);
    assert.deepEqual(decided, { settings: {}, withheld: ['UV_INDEX', 'all_proxy'] });
    const shared = chooseMirrorSettings(found, { shareCredentials: true });
    assert.deepEqual(shared, { settings: found.environment, withheld: [] });
  });

test('a package whose address holds an @ elsewhere is no credential', () => {
  const environment = { PIP_FIND_LINKS: 'https://mirror.test/@scope/wheels /srv/wheels' };
  assert.deepEqual(chooseMirrorSettings({ configured: '', environment }, KEPT).withheld, []);
});
