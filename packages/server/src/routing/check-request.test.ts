import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { serveHttp } from '../testing/http.ts';
import { HOST, makeRoute, openTestRouter, upstreamAt } from '../testing/router.ts';
import { checkRequest } from './check-request.ts';
import { pages } from './error-page.ts';

/** All that is answered to these bytes until the connection ends. */
function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answered = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (part) => (answered += part.toString('utf8')));
    socket.on('error', reject);
    socket.on('close', () => resolve(answered));
  });
}

const get = (target: string, ...headers: string[]): string =>
  [`GET ${target} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n');

test('a request with two hosts, too many headers or an endless one is for nobody', async (t) => {
  const { port: own } = await serveHttp(t, (_, response) => response.end('served'));
  const { port } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)] })]);
  const host = `Host: ${HOST}`;
  const statusOf = async (bytes: string) => Number((await exchange(port, bytes)).split(' ')[1]);
  const short = (count: number) => Array.from({ length: count }, (_, index) => `X-${index}: 1`);
  assert.equal(await statusOf(get('/', host)), 200);
  assert.equal(await statusOf(get('/', host, ...short(90))), 200);
  assert.equal(await statusOf(get('/', host, ...short(100))), 431);
  assert.equal(await statusOf(get('/', host, ...short(1_000))), 431);
  assert.equal(await statusOf(get('/', host, ...short(3_000))), 431);
  assert.equal(await statusOf(get('/', 'Host: x.test', `Cookie: ${'x'.repeat(60_000)}`)), 404);
  assert.equal(await statusOf(get('/', host, `Cookie: ${'x'.repeat(70_000)}`)), 431);
  assert.equal(await statusOf(get('/', host, host)), 400);
  assert.equal(await statusOf(get('/', host, 'Host: localhost')), 400);
  assert.equal(await statusOf(get('/', `Host: ${'x'.repeat(300)}`)), 400);
});

test('a whole address is asked of its own host, by its path', async (t) => {
  const { port: one } = await serveHttp(t, ({ url, headers, rawHeaders }, response) => {
    const told = headers['x-forwarded-host'];
    response.end(
      `one ${url} ${headers.host} ${String(told)} ${rawHeaders.join(' ').includes('other')}`,
    );
  });
  const { port: two } = await serveHttp(t, (_, response) => response.end('two'));
  const { port } = await openTestRouter(t, [
    makeRoute({ upstreams: [upstreamAt(one)] }),
    makeRoute({ upstreams: [upstreamAt(two)], pathPrefix: '/two' }),
  ]);
  const asked = async (target: string, host = 'other.test') =>
    (await exchange(port, get(target, `Host: ${host}`))).split('\r\n\r\n')[1];
  assert.match(
    (await asked(`http://${HOST}/x?y=1`)) ?? '',
    /one \/x\?y=1 app\.test app\.test false/,
  );
  assert.match((await asked(`HTTP://${HOST}`)) ?? '', /one \/ /);
  assert.match((await asked(`http://${HOST}?y`)) ?? '', /one \/\?y /);
  assert.match((await asked(`http://${HOST}/two/x`)) ?? '', /two/);
  assert.match((await asked('http://other.test/', HOST)) ?? '', /No application has this address/);
});

test('what is neither a path nor an address of ours is no target', () => {
  const check = (url: string) => checkRequest({ url, headers: {}, rawHeaders: ['Host', 'x'] });
  for (const url of ['/', '//x', 'http://x', 'https://x:1/y'])
    assert.equal(check(url), undefined, url);
  for (const url of ['x', '*', 'ftp://x/', 'http://', 'http:///x', 'http://a@b/', 'http:x', ''])
    assert.equal(check(url), pages.badRequest, url);
});

test('about the whole of a server is asked by OPTIONS alone', () => {
  const ask = (url: string) => {
    const request = { method: 'OPTIONS', url, headers: {}, rawHeaders: ['Host', 'x'] };
    return [checkRequest(request), request.url];
  };
  assert.deepEqual(ask('*'), [undefined, '*']);
  assert.deepEqual(ask('http://x'), [undefined, '*']);
  assert.deepEqual(ask('http://x/'), [undefined, '/']);
});
