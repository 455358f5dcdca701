import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { exchange, serveHttp } from '../testing/http.ts';
import { HOST, makeRoute, openTestRouter, upstreamAt } from '../testing/router.ts';
import { until } from '../testing/until.ts';
import type { Route } from './route-table.ts';
import { agreeable } from './upgrade.ts';

const AGREED = /^HTTP\/1\.1 101 [^]*\r\n\r\n/;

/** Says what it was asked, and agrees to WebSockets; its name is in each answer. */
async function open(t: TestContext, route: Partial<Route> = {}) {
  const { server, port: own } = await serveHttp(t, (request, response) => {
    request.setEncoding('latin1');
    let body = '';
    request.on('data', (part: string) => (body += part));
    request.on('end', () =>
      response.end(`${request.method} ${body} ${String(request.headers.upgrade)}`),
    );
  });
  server.on('upgrade', ({ headers }, socket) => {
    const lines = ['HTTP/1.1 101 OK', 'Connection: Upgrade', `Upgrade: ${headers.upgrade}`];
    const cookies = ['Set-Cookie: theirs=1', `X-Heard: ${headers.cookie}`];
    socket.end([...lines, ...cookies, '', ''].join('\r\n'));
  });
  const upstream = upstreamAt(own);
  const opened = await openTestRouter(t, [makeRoute({ upstreams: [upstream], ...route })]);
  const ask = (first: string, headers: readonly string[], body = '') =>
    exchange(t, opened.port, {
      bytes: [first, `Host: ${HOST}`, ...headers, '', body].join('\r\n'),
      whole: /undefined$|^HTTP\/1\.1 101 [^]*\r\n\r\n/,
    });
  return { ...opened, upstream, ask };
}

const offers = (upgrade: string): string[] => ['Connection: Upgrade', `Upgrade: ${upgrade}`];

test('an offer that nobody can take, and one with a body, is a request like any other', async (t) => {
  const { ask, accesses } = await open(t);
  const h2c = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'];
  const length = 'Content-Length: 4';
  assert.match(await ask('POST / HTTP/1.1', [...h2c, length], 'body'), /\r\nPOST body undefined$/);
  assert.match(await ask('GET / HTTP/1.1', h2c), /\r\nGET {2}undefined$/);
  for (const upgrade of ['websocket', 'x/1', 'TLS/1.0'])
    assert.match(
      await ask('PUT / HTTP/1.1', [...offers(upgrade), length], 'body'),
      /\r\nPUT body undefined$/,
    );
  const chunked = [...offers('h2c'), 'Transfer-Encoding: chunked'];
  const body = '4\r\nbody\r\n0\r\n\r\n';
  assert.match(await ask('POST / HTTP/1.1', chunked, body), /\r\nPOST body undefined$/);
  const behind = await ask('GET / HTTP/1.1', h2c, 'GET /second HTTP/1.1\r\n\r\n');
  assert.match(behind, /\r\nConnection: close\r\n/i, 'what came behind it has no answer');
  assert.equal(accesses.length, 7);
});

test('what an application may agree to is offered, without what it may not', () => {
  assert.equal(agreeable('websocket'), 'websocket');
  assert.equal(agreeable('h2c, WebSocket, x/2'), 'WebSocket, x/2');
  for (const none of ['h2c', 'H2', 'HTTP/2.0', 'TLS/1.2, HTTP/1.1', ' , ', '', undefined])
    assert.equal(agreeable(none), '');
});

test('a connection that was upgraded, or refused that, is noted as any visit is', async (t) => {
  const { ask, accesses, upstream, swap } = await open(t);
  assert.match(await ask('GET /ws?x HTTP/1.1', offers('websocket')), AGREED);
  swap([makeRoute({ state: 'stopped' })]);
  assert.match(await ask('GET /ws HTTP/1.1', offers('websocket')), /^HTTP\/1\.1 503 /);
  const [first, second] = accesses;
  assert.deepEqual(
    [first?.method, first?.path, first?.statusCode, first?.instanceId],
    ['GET', '/ws?x', 101, upstream.instanceId],
  );
  assert.deepEqual([second?.path, second?.statusCode], ['/ws', 503]);
  assert.equal(second?.instanceId, undefined);
});

test('an upgrade waits for an application that starts', async (t) => {
  const { ask, swap, upstream, router } = await open(t, { upstreams: [], state: 'starting' });
  const arrived = new Promise((resolve) => router.http.once('upgrade', resolve));
  const answer = ask('GET / HTTP/1.1', offers('websocket'));
  await arrived;
  swap([makeRoute({ upstreams: [upstream] })]);
  assert.match(await answer, AGREED);
});

test('an upgraded connection binds its visitor too, beside the application’s cookies', async (t) => {
  const { ask, upstream } = await open(t, { stickySessions: true });
  const { instanceId } = upstream;
  const answer = await ask('GET / HTTP/1.1', [...offers('websocket'), 'Cookie: a=1']);
  assert.match(
    answer,
    new RegExp(`Set-Cookie: theirs=1\r\n[^]*Set-Cookie: grid_instance=${instanceId};`),
  );
  const bound = [...offers('websocket'), `Cookie: grid_instance=${instanceId}; a=1`];
  const again = await ask('GET / HTTP/1.1', bound);
  assert.doesNotMatch(again, /Set-Cookie: grid_instance/);
  assert.match(again, /X-Heard: a=1\r\n/);
});

test('an upgrade behind a request that is not answered yet ends the connection', async (t) => {
  const { port: own } = await serveHttp(t, () => undefined);
  const { port } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)] })]);
  const ask = (...headers: string[]) => ['GET / HTTP/1.1', `Host: ${HOST}`, ...headers, '', ''];
  const bytes = [...ask(), ...ask(...offers('websocket'))].join('\r\n');
  assert.equal(await exchange(t, port, { bytes }), '');
});

/** An application that agrees to everything, and says and ends nothing by itself; a visitor that it agreed with. */
async function agreed(t: TestContext, route: Partial<Route> = {}) {
  const { server, port: own } = await serveHttp(t, () => undefined);
  const opened = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)], ...route })]);
  const asked = once(server, 'upgrade');
  const visitor = connect({ port: opened.port, host: '127.0.0.1', allowHalfOpen: true });
  visitor.write(['GET / HTTP/1.1', `Host: ${HOST}`, ...offers('x'), '', ''].join('\r\n'));
  const [, application] = (await asked) as [unknown, Socket];
  for (const socket of [visitor, application]) {
    t.after(() => socket.destroy());
    socket.on('error', () => undefined);
  }
  const answered = once(visitor, 'data');
  application.write(['HTTP/1.1 101 OK', ...offers('x'), '', ''].join('\r\n'));
  await answered;
  return { ...opened, own, ends: { visitor: visitor.resume(), application: application.resume() } };
}

test('an upgraded connection that one side has ended is given up when the other is silent', async (t) => {
  for (const side of ['visitor', 'application'] as const) {
    const { router, ends, accesses } = await agreed(t, { idleTimeoutSeconds: 0.05 });
    ends[side].end();
    await until(() => Object.keys(router.connections()).length === 0);
    assert.deepEqual(
      accesses.map(({ statusCode }) => statusCode),
      [101],
    );
  }
});

/** Whether the system asks by itself whether who is at the other end of these connections is still there. */
async function isProbed(isOne: (end: { port: number; peer: number }) => boolean): Promise<boolean> {
  const port = (address = ''): number => Number.parseInt(address.split(':')[1] ?? '', 16);
  const rows = (await readFile('/proc/net/tcp', 'latin1')).split('\n').slice(1);
  const ends = rows
    .map((row) => row.trim().split(/\s+/))
    .filter(
      ([, own, peer, state]) => state === '01' && isOne({ port: port(own), peer: port(peer) }),
    );
  return ends.length === 1 && ends.every(([, , , , , timer]) => timer?.startsWith('02:'));
}

test('a visitor or an application that vanishes without a word is missed: the system asks for both', async (t) => {
  const { port, httpsPort, own } = await agreed(t);
  const secure = connect(httpsPort, '127.0.0.1');
  t.after(() => secure.destroy());
  await until(() => isProbed((end) => end.port === port));
  await until(() => isProbed((end) => end.port === httpsPort));
  await until(() => isProbed((end) => end.peer === own));
});
