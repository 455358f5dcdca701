import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inWordsOfUv } from './pip-settings.ts';

for (const [pip, uv] of [
  [{ PIP_INDEX_URL: 'https://a/simple' }, { UV_DEFAULT_INDEX: 'https://a/simple' }],
  [{ PIP_EXTRA_INDEX_URL: 'https://a https://b' }, { UV_INDEX: 'https://a https://b' }],
  [{ PIP_FIND_LINKS: 'wheels  https://b' }, { UV_FIND_LINKS: 'wheels,https://b' }],
  [{ PIP_TIMEOUT: '2.5' }, { UV_HTTP_TIMEOUT: '3' }],
  [{ PIP_PRE: '1' }, { UV_PRERELEASE: 'allow' }],
  [{ PIP_PRE: 'false' }, {}],
  [{ PIP_CONSTRAINT: 'limits.txt' }, { UV_CONSTRAINT: 'limits.txt' }],
  [{ PIP_TARGET: '/x', PIP_QUIET: '1', PIP_INDEX_URL: ' ', pip_pre: '1', PATH: '/bin' }, {}],
] as const)
  test(`what means the same is told to uv: ${JSON.stringify(pip)}`, () => {
    assert.deepEqual(inWordsOfUv(pip, {}), { settings: uv, pipAlone: [] });
  });

test('what uv has no word for is named, unless it is off', () => {
  const off = { PIP_NO_DEPS: '0', PIP_ONLY_BINARY: ' ' };
  const user = { PIP_PREFER_BINARY: '1', PIP_NO_BINARY: 'six', ...off };
  assert.deepEqual(inWordsOfUv(user, {}).pipAlone, ['PIP_PREFER_BINARY', 'PIP_NO_BINARY']);
});

test('the user’s words win over the machine’s, and those for uv over those for pip', () => {
  const machine = { UV_DEFAULT_INDEX: 'https://mirror', UV_INDEX: 'https://more' };
  assert.deepEqual(inWordsOfUv({ PIP_INDEX_URL: 'https://mine' }, machine).settings, {
    ...machine,
    UV_DEFAULT_INDEX: 'https://mine',
  });
  const both = { PIP_INDEX_URL: 'https://mine', UV_INDEX_URL: 'https://uv' };
  assert.deepEqual(inWordsOfUv(both, machine).settings, { UV_INDEX: 'https://more' });
});
