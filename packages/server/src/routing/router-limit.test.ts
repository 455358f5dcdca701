import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { beginRequest, serveHttp } from '../testing/http.ts';
import { HOST, makeRoute, openTestRouter, upstreamAt } from '../testing/router.ts';
import { until } from '../testing/until.ts';
import type { Route } from './route-table.ts';

/** An application that may have two connections, and answers when it is told to; `/held` is held. */
async function open(t: TestContext, placeWaitMs = 60_000) {
  const held: ServerResponse[] = [];
  const { server, port: own } = await serveHttp(t, ({ url }, response) => {
    if (url === '/held') held.push(response);
    else response.end('served');
  });
  server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.pipe(socket);
  });
  const { port: other } = await serveHttp(t, (_, response) => response.end('other'));
  const routes = [
    makeRoute({ upstreams: [upstreamAt(own)] }),
    makeRoute({ host: 'other.test', applicationId: 'app_2', upstreams: [upstreamAt(other)] }),
  ];
  const options = { connectionsPerApplication: 2, placeWaitMs };
  return { held, ...(await openTestRouter(t, routes, options)) };
}

test('who comes beyond the limit of an application waits, and is served when somebody leaves', async (t) => {
  const { held, ask, router, accesses } = await open(t);
  const first = ask({ path: '/held' });
  const second = ask({ path: '/held' });
  await until(() => held.length === 2);
  const third = ask();
  assert.equal((await ask({ headers: { host: 'other.test' } })).body, 'other');
  assert.deepEqual(router.connections(), { app_1: { open: 2, refused: 0 } });
  assert.deepEqual(
    accesses.map(({ applicationId }) => applicationId),
    ['app_2'],
  );
  held[0]?.end('first');
  assert.equal((await first).body, 'first');
  assert.equal((await third).body, 'served');
  held[1]?.end('second');
  assert.equal((await second).body, 'second');
  assert.deepEqual(router.connections(), {});
});

test('who waits for too long is told so, as are the log and the metrics', async (t) => {
  const { held, port, ask, router, accesses } = await open(t, 50);
  const asked = [0, 1].map(() => beginRequest({ port, path: '/held', headers: { host: HOST } }));
  for (const one of asked) one.on('error', () => undefined).end();
  await until(() => held.length === 2);
  const { status, body, headers } = await ask({ path: '/third' });
  assert.equal(status, 503);
  assert.match(body, /^Too many requests to this application are under way\./);
  assert.equal(headers['retry-after'], '5');
  const [{ path, statusCode, instanceId } = assert.fail()] = accesses;
  assert.deepEqual([path, statusCode, instanceId], ['/third', 503, undefined]);
  assert.deepEqual(router.connections(), { app_1: { open: 2, refused: 1 } });
  for (const one of asked) one.destroy();
  await until(() => router.connections()['app_1']?.open === 0);
  assert.equal((await ask()).body, 'served');
  assert.deepEqual(
    accesses.map((access) => access.statusCode),
    [503, 499, 499, 200],
  );
});

test('an upgraded connection has its place until it ends; who leaves while waiting keeps nobody waiting', async (t) => {
  const { port, router, accesses } = await open(t);
  const connectWebSocket = async (): Promise<Duplex> => {
    const headers = { host: HOST, connection: 'upgrade', upgrade: 'websocket' };
    const asked = beginRequest({ port, headers });
    asked.end();
    const [, socket] = (await once(asked, 'upgrade')) as [unknown, Duplex];
    t.after(() => socket.destroy());
    return socket;
  };
  const [first] = [await connectWebSocket(), await connectWebSocket()];
  assert.deepEqual(router.connections(), { app_1: { open: 2, refused: 0 } });
  const impatient = beginRequest({ port, headers: { host: HOST } }).on('error', () => undefined);
  const arrived = once(router.http, 'request');
  impatient.end();
  await arrived;
  impatient.destroy();
  await until(() => accesses.length === 1);
  const waiting = connectWebSocket();
  first.destroy();
  await waiting;
  assert.deepEqual(
    accesses.map(({ statusCode }) => statusCode),
    [499, 101],
  );
  assert.deepEqual(router.connections(), { app_1: { open: 2, refused: 0 } });
});

/** A port that nobody listens on. */
async function absentPort(t: TestContext): Promise<number> {
  const { server, port } = await serveHttp(t, () => undefined);
  server.close();
  await once(server, 'close');
  return port;
}

/** Offers an upgrade, and then sends this. */
function offer(t: TestContext, port: number, behind = ''): Socket {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  t.after(() => socket.destroy());
  const lines = ['GET / HTTP/1.1', `Host: ${HOST}`, 'Connection: Upgrade', 'Upgrade: websocket'];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${behind}`);
  return socket;
}

test('who leaves before an upgrade was agreed to is heard of, whatever was sent behind it', async (t) => {
  const leaving: ((socket: Socket) => void)[] = [
    (socket) => socket.end(),
    (socket) => socket.destroy(),
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.end('late'),
  ];
  const { server, port: own } = await serveHttp(t, () => undefined);
  let left = 0;
  server.on('upgrade', (_, socket: Duplex) => {
    socket.once('close', () => (left += 1)).on('error', () => undefined);
    socket.once('end', () => socket.destroy()).resume();
    t.after(() => socket.destroy());
  });
  const { port, router, accesses } = await openTestRouter(t, [
    makeRoute({ upstreams: [upstreamAt(own)] }),
  ]);
  for (const leave of leaving)
    for (const behind of ['', 'early']) {
      const asked = once(server, 'upgrade');
      const socket = offer(t, port, behind);
      await asked;
      leave(socket);
      await until(() => Object.keys(router.connections()).length === 0);
    }
  await until(() => left === 2 * leaving.length);
  assert.deepEqual([...new Set(accesses.map(({ statusCode }) => statusCode))], [499]);
});

test('who offers an upgrade and leaves while the application starts waits no more', async (t) => {
  const { port, router, accesses } = await openTestRouter(t, [makeRoute({ state: 'starting' })]);
  const arrived = once(router.http, 'upgrade');
  const socket = offer(t, port, 'early');
  await arrived;
  socket.end();
  await until(() => accesses.length === 1);
  assert.equal(accesses[0]?.statusCode, 499);
});

test('what is sent before an upgrade is agreed to arrives when it is, however much', async (t) => {
  const { server, port: own } = await serveHttp(t, () => undefined);
  const { port } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)] })]);
  const asked = once(server, 'upgrade');
  const early = 'x'.repeat(1_000_000);
  const socket = offer(t, port, 'first ');
  const [, upgraded, head] = (await asked) as [unknown, Duplex, Buffer];
  t.after(() => upgraded.destroy());
  socket.write(early);
  // others are served meanwhile, and what was sent is read as far as it may be
  for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
  upgraded.write('HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  let heard = String(head);
  upgraded.on('data', (part: Buffer) => (heard += String(part)));
  await until(() => heard.length >= early.length + 6);
  assert.equal(heard, `first ${early}`);
});

test('a visit that looks again has no place meanwhile, wherever its host leads by then', async (t) => {
  const gone = await absentPort(t);
  const refusing = [upstreamAt(gone)];
  const { port } = await serveHttp(t, (_, response) => response.end('served'));
  const meanwhile: [routes: Route[], status: number][] = [
    [[], 404],
    [[makeRoute({ state: 'stopped' })], 503],
    [[makeRoute({ forceHttps: true, upstreams: refusing })], 301],
    [[makeRoute({ host: '*.test', applicationId: 'app_2', upstreams: [upstreamAt(port)] })], 200],
  ];
  const { router, ask, swap } = await openTestRouter(t, [], { connectionsPerApplication: 1 });
  for (const [routes, status] of meanwhile) {
    swap([makeRoute({ upstreams: refusing })]);
    router.http.once('request', () => swap(routes));
    assert.equal((await ask()).status, status);
    assert.deepEqual(router.connections(), {});
  }
});

test('a visit that waits for an application that starts again has no place', async (t) => {
  const gone = await absentPort(t);
  const { port } = await serveHttp(t, (_, response) => response.end('served'));
  const { router, ask, swap } = await openTestRouter(t, [
    makeRoute({ upstreams: [upstreamAt(gone)] }),
  ]);
  const asked = ask();
  await once(router.http, 'request');
  assert.deepEqual(router.connections(), { app_1: { open: 1, refused: 0 } });
  swap([makeRoute({ state: 'starting' })]);
  await until(() => router.connections()['app_1'] === undefined);
  swap([makeRoute({ upstreams: [upstreamAt(port)] })]);
  assert.equal((await asked).body, 'served');
});
