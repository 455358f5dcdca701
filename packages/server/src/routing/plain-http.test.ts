import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { askHttp, beginRequest, serveHttp } from '../testing/http.ts';
import type { Ask } from '../testing/http.ts';
import { need } from '../testing/need.ts';
import { openTestRouter } from '../testing/router.ts';
import { planPlain, secureLocation } from './plain-http.ts';

const plan = (
  method: string,
  remoteAddress: string,
  { encrypted = false, url = '/v2/self', headers = {} } = {},
) =>
  planPlain({
    method,
    url,
    headers,
    socket: { remoteAddress, localPort: 8080, ...(encrypted && { encrypted }) },
  });

test('on this machine the platform is served over plain http, from elsewhere over https alone', () => {
  for (const method of ['GET', 'POST'])
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1'])
      assert.equal(plan(method, address), 'serve');
  for (const address of ['192.0.2.7', '::ffff:192.0.2.7', '2001:db8::1']) {
    assert.equal(plan('GET', address), 'redirect');
    assert.equal(plan('HEAD', address), 'redirect');
    assert.equal(plan('POST', address), 'refuse');
    assert.equal(plan('POST', address, { encrypted: true }), 'serve');
  }
});

test('a proxy on this machine that was asked over plain http speaks for others', () => {
  const asked = (proto: string) => ({ headers: { 'x-forwarded-proto': proto } });
  assert.equal(plan('GET', '127.0.0.1', asked('http')), 'redirect');
  assert.equal(plan('POST', '127.0.0.1', asked('http')), 'refuse');
  for (const proto of ['HTTP', 'http, https', 'https,http', ''])
    assert.equal(plan('POST', '127.0.0.1', asked(proto)), 'refuse', proto);
  assert.equal(plan('POST', '127.0.0.1', asked('https')), 'serve');
  assert.equal(plan('POST', '192.0.2.7', asked('https')), 'refuse');
});

test('the authority can be asked for before it is trusted, and nothing else', () => {
  assert.equal(plan('GET', '192.0.2.7', { url: '/ca.pem' }), 'serve');
  assert.equal(plan('POST', '192.0.2.7', { url: '/ca.pem' }), 'refuse');
  for (const url of ['/ca.pem/x', '/ca.pemx', '//ca.pem', '/v2/self?/ca.pem'])
    assert.equal(plan('GET', '192.0.2.7', { url }), 'redirect', url);
});

test('the address over https has its port where that is another than the usual', () => {
  assert.equal(secureLocation('a.test', 443, '/x?y'), 'https://a.test/x?y');
  assert.equal(secureLocation('a.test', 8443, '//b.test'), 'https://a.test:8443//b.test');
  assert.equal(secureLocation('a.test', 8443, 'http://b.test/'), 'https://a.test:8443/');
});

const ELSEWHERE = '192.0.2.1';
const inside = process.env['GRID_TEST_INSIDE'] === '1';

async function tryFromElsewhere(t: TestContext): Promise<void> {
  const router = await openTestRouter(t, []);
  const asked: (string | undefined)[] = [];
  await serveHttp(
    t,
    (request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end('served');
    },
    router.controlSocket,
  );
  const from = (localAddress: string, options: Ask = {}) =>
    askHttp({ port: router.port, localAddress, ...options });
  const page = await from(ELSEWHERE, { path: '/x?y=1', headers: { host: 'localhost:8080' } });
  assert.equal(page.status, 308);
  assert.equal(page.headers.location, `https://localhost:${router.httpsPort}/x?y=1`);
  const sent = await from(ELSEWHERE, { method: 'POST', path: '/grid/v1/sign-in', body: '{}' });
  assert.equal(sent.status, 403);
  assert.match(sent.body, /^The platform is spoken to over https\./);
  const upgrade = beginRequest({
    port: router.port,
    localAddress: ELSEWHERE,
    headers: { host: 'localhost', connection: 'upgrade', upgrade: 'websocket' },
  });
  const refused = new Promise<number | undefined>((resolve) =>
    upgrade.on('response', ({ statusCode }) => resolve(statusCode)).end(),
  );
  assert.equal(await refused, 403);
  assert.equal((await from(ELSEWHERE, { path: '/ca.pem' })).body, 'served');
  assert.equal((await from('127.0.0.1', { method: 'POST', path: '/a' })).body, 'served');
  assert.deepEqual(asked, ['GET /ca.pem', 'POST /a']);
}

const ADDRESS = `ip link set lo up && ip addr add ${ELSEWHERE}/32 dev lo`;

/** Runs commands in a network of their own. */
const isolate = (commands: string) =>
  spawnSync('unshare', ['--map-root-user', '--net', 'sh', '-c', commands], {
    encoding: 'utf8',
    env: { ...process.env, GRID_TEST_INSIDE: '1', NODE_TEST_CONTEXT: undefined },
  });

const NAME =
  'a client from elsewhere is sent to https, and what it sends unencrypted is looked at by nobody';

if (inside) test(NAME, tryFromElsewhere);
else
  test(`${NAME}, in a network with another address`, (t) => {
    if (!need(t, isolate(ADDRESS).status === 0, 'network namespaces of its own')) return;
    const { status, stdout, stderr } = isolate(
      `${ADDRESS} && exec "${process.execPath}" --disable-warning=ExperimentalWarning --test "${import.meta.filename}"`,
    );
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /pass 5/);
  });
