import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { answerTo, beginRequest, readAll, serveHttp } from '../testing/http.ts';
import { until } from '../testing/until.ts';
import { HOST, makeRoute, openTestRouter, upstreamAt } from '../testing/router.ts';
import type { Upstream } from './route-table.ts';

/** An instance that answers with its own name. */
async function named(t: TestContext, name: string): Promise<Upstream> {
  const { port } = await serveHttp(t, (_, response) => response.end(name));
  return upstreamAt(port, name);
}

/** A port that nobody listens on. */
async function absent(t: TestContext, name: string): Promise<Upstream> {
  const { server, port } = await serveHttp(t, () => undefined);
  server.close();
  await once(server, 'close');
  return upstreamAt(port, name);
}

test('hosts, wildcards and paths lead to their applications, and nobody’s to a page that says so', async (t) => {
  const [exact, wildcard, api] = await Promise.all(
    ['exact', 'wildcard', 'api'].map((name) => named(t, name)),
  );
  const { ask } = await openTestRouter(t, [
    makeRoute({ host: 'a.test', upstreams: [exact!] }),
    makeRoute({ host: '*.test', upstreams: [wildcard!] }),
    makeRoute({ host: 'a.test', pathPrefix: '/api', upstreams: [api!] }),
  ]);
  const body = async (host: string, path: string) => (await ask({ path, headers: { host } })).body;
  assert.equal(await body('a.test', '/'), 'exact');
  assert.equal(await body('A.test:8080', '/'), 'exact');
  assert.equal(await body('b.test', '/'), 'wildcard');
  assert.equal(await body('a.test', '/api/x'), 'api');
  const nobody = await ask({ headers: { host: 'nobody.example' } });
  assert.equal(nobody.status, 404);
  assert.match(nobody.body, /^No application has this address\./);
});

test('of several instances the one with the least under way is asked', async (t) => {
  const waiting: (() => void)[] = [];
  const slow = await serveHttp(t, (_, response) => {
    waiting.push(() => response.end('slow'));
  });
  const quick = await named(t, 'quick');
  const upstreams = [upstreamAt(slow.port, 'slow'), quick];
  const { ask, router } = await openTestRouter(t, [makeRoute({ upstreams })]);
  const first = ask();
  await once(slow.server, 'request');
  assert.deepEqual(router.inFlight(), { slow: 1 });
  for (let count = 0; count < 5; count += 1) assert.equal((await ask()).body, 'quick');
  waiting[0]?.();
  assert.equal((await first).body, 'slow');
  assert.deepEqual(router.inFlight(), {});
});

test('requests that come one at a time are shared by all instances', async (t) => {
  const upstreams = await Promise.all(['one', 'two', 'three'].map((name) => named(t, name)));
  const { ask } = await openTestRouter(t, [makeRoute({ upstreams })]);
  const bodies: string[] = [];
  for (let count = 0; count < 6; count += 1) bodies.push((await ask()).body);
  assert.deepEqual(bodies, ['one', 'two', 'three', 'one', 'two', 'three']);
});

test('an instance that refuses is skipped, bodies arrive whole at the next; where all refuse it is a 502', async (t) => {
  const gone = await absent(t, 'gone');
  const { port } = await serveHttp(t, (request, response) => request.pipe(response));
  const { ask, swap, accesses } = await openTestRouter(t, [
    makeRoute({ upstreams: [gone, upstreamAt(port, 'echo')] }),
  ]);
  const { body } = await ask({ method: 'POST', body: 'x'.repeat(200_000) });
  assert.equal(body, 'x'.repeat(200_000));
  assert.deepEqual(
    accesses.map(({ instanceId, statusCode }) => [instanceId, statusCode]),
    [['echo', 200]],
  );
  swap([makeRoute({ upstreams: [gone] })]);
  assert.equal((await ask()).status, 502);
});

test('an answer that breaks off before it began is a 502', async (t) => {
  const { port } = await serveHttp(t, (request) => request.socket.destroy());
  const { ask, accesses } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(port)] })]);
  const { status, body } = await ask();
  assert.equal(status, 502);
  assert.match(body, /broke off its answer/);
  assert.equal(accesses[0]?.statusCode, 502);
});

test('an answer that breaks off in its middle breaks off for the visitor', async (t) => {
  const { port } = await serveHttp(t, (_, response) => {
    response.write('half', () => response.destroy());
  });
  const { ask } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(port)] })]);
  await assert.rejects(ask(), { code: 'ECONNRESET' });
});

test('an instance that says nothing for too long is a 504', async (t) => {
  const { port } = await serveHttp(t, () => undefined);
  const route = makeRoute({ upstreams: [upstreamAt(port)], idleTimeoutSeconds: 0.05 });
  const { ask } = await openTestRouter(t, [route]);
  const { status, body } = await ask();
  assert.equal(status, 504);
  assert.match(body, /did not answer in time/);
});

test('a stopped and a failed application have their pages: HTML for browsers, a line for programs', async (t) => {
  const { ask, swap } = await openTestRouter(t, [makeRoute({ state: 'stopped' })]);
  const line = await ask();
  assert.equal(line.status, 503);
  assert.equal(line.headers['content-type'], 'text/plain; charset=utf-8');
  assert.match(line.body, /^This application is stopped\. .*\n$/);
  const page = await ask({ headers: { accept: 'text/html,*/*' } });
  assert.equal(page.status, 503);
  assert.match(page.headers['content-type'] ?? '', /html/);
  assert.match(page.body, /<h1>This application is stopped<\/h1>/);
  assert.equal((await ask({ method: 'HEAD' })).body, '');
  swap([makeRoute({ state: 'failed' })]);
  assert.match((await ask()).body, /Its last deployment failed/);
});

test('requests for an application that starts are held, and served by the table that has its instance', async (t) => {
  const upstream = await named(t, 'started');
  const { ask, swap } = await openTestRouter(t, [makeRoute({ state: 'starting' })]);
  const held = [ask(), ask(), ask({ method: 'POST', body: 'x' })];
  assert.equal((await ask({ headers: { host: 'nobody.example' } })).status, 404);
  swap([makeRoute({ state: 'starting' })]);
  swap([makeRoute({ upstreams: [upstream] })]);
  for (const { body } of await Promise.all(held)) assert.equal(body, 'started');
});

test('held requests are given up after the deadline, however often tables come', async (t) => {
  const starting = makeRoute({ state: 'starting' });
  const { ask, swap } = await openTestRouter(t, [starting], { holdMs: 100 });
  const swapping = setInterval(() => swap([starting]), 20);
  t.after(() => clearInterval(swapping));
  const { status, body, headers } = await ask();
  assert.equal(status, 503);
  assert.match(body, /is still starting/);
  assert.equal(headers['retry-after'], '5');
});

test('so many may wait for one application; those who leave make room', async (t) => {
  const { router, port, ask, swap } = await openTestRouter(t, [makeRoute({ state: 'starting' })]);
  const count = { arrived: 0, left: 0 };
  router.http.on('request', (_, response) => {
    count.arrived += 1;
    response.once('close', () => (count.left += 1));
  });
  const held = Array.from({ length: 1_000 }, () => beginRequest({ port, headers: { host: HOST } }));
  for (const one of held) one.on('error', () => undefined).end();
  await until(() => count.arrived === 1_000);
  assert.match((await ask()).body, /^Too many requests wait/);
  for (const one of held) one.destroy();
  await until(() => count.left === 1_001);
  const late = ask();
  await until(() => count.arrived === 1_002);
  swap([makeRoute({ upstreams: [await named(t, 'served')] })]);
  assert.equal((await late).body, 'served');
});

test('a visitor comes back to the same instance, where the application wants that', async (t) => {
  const upstreams = await Promise.all(['one', 'two'].map((name) => named(t, name)));
  const { ask } = await openTestRouter(t, [makeRoute({ upstreams, stickySessions: true })]);
  const { headers } = await ask();
  assert.match(headers['set-cookie']?.[0] ?? '', /^grid_instance=one; Path=\/; HttpOnly/);
  assert.equal((await ask({ headers: { cookie: 'grid_instance=two' } })).body, 'two');
});

test('an older table is refused, an equal or newer one is used', async (t) => {
  const { router } = await openTestRouter(t, []);
  const table = { ...router.table(), version: 5 };
  assert.equal(router.swap(table), true);
  assert.equal(router.swap({ ...table, version: 4 }), false);
  assert.equal(router.table().version, 5);
  assert.equal(router.swap({ ...table }), true);
});

test('each request of an application is noted, with who asked and what came of it', async (t) => {
  const upstream = await named(t, 'hello');
  const { ask, accesses } = await openTestRouter(t, [makeRoute({ upstreams: [upstream] })]);
  const { headers } = await ask({
    path: '/x?y=1',
    headers: { 'x-forwarded-for': '203.0.113.9', 'x-request-id': 'request-1' },
  });
  assert.equal(headers['x-request-id'], 'request-1');
  const [{ at, milliseconds, bytesIn, bytesOut, ...access } = assert.fail()] = accesses;
  assert.deepEqual(access, {
    applicationId: 'app_1',
    instanceId: 'hello',
    requestId: 'request-1',
    source: '203.0.113.9',
    method: 'GET',
    host: HOST,
    path: '/x?y=1',
    scheme: 'http',
    statusCode: 200,
  });
  assert.ok(at > 0 && milliseconds >= 0 && bytesIn >= 0 && bytesOut > 5);
});

test('what is no HTTP is answered as such, and the router goes on', async (t) => {
  const { port, ask } = await openTestRouter(t, []);
  const socket = connect(port, '127.0.0.1');
  socket.write('hello?\r\n\r\n');
  assert.match(await readAll(socket), /^HTTP\/1\.1 400 /);
  assert.equal((await ask()).status, 404);
});

test('a router that drains takes nothing new, and lets each connection end after its next answer', async (t) => {
  const { port: upstreamPort } = await serveHttp(t, (_, response) => response.end('served'));
  const { router, port } = await openTestRouter(t, [
    makeRoute({ upstreams: [upstreamAt(upstreamPort)] }),
  ]);
  const socket = connect(port, '127.0.0.1');
  const asking = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
  socket.write(asking);
  const [first] = (await once(socket, 'data')) as [Buffer];
  assert.match(String(first), /^HTTP\/1\.1 200 [^]*served$/);
  router.drain();
  await assert.rejects(answerTo(beginRequest({ port })), { code: 'ECONNREFUSED' });
  const closed = once(router.http, 'close');
  socket.write(asking);
  const last = await readAll(socket);
  assert.match(last, /^HTTP\/1\.1 200 [^]*Connection: close[^]*served$/);
  await closed;
});
