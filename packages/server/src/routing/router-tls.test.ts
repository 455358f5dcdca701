import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { Agent } from 'node:https';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { makeCertificate } from '../testing/certificate.ts';
import { askHttp, serveHttp } from '../testing/http.ts';
import type { Ask } from '../testing/http.ts';
import { makeRoute, openTestRouter, upstreamAt } from '../testing/router.ts';
import type { Route } from './route-table.ts';

const HOST = 'app.grid.localhost';

/** A router with a certificate, and a visitor who trusts its authority. */
async function open(t: TestContext, route: Partial<Route>) {
  const { tls, ca } = await makeCertificate(t);
  const router = await openTestRouter(t, [makeRoute({ host: HOST, ...route })], { tls });
  const secure = { port: router.httpsPort, servername: HOST, ca };
  return {
    ...router,
    secure,
    visit: (options: Ask = {}) =>
      askHttp({ ...secure, ...options, headers: { host: HOST, ...options.headers } }),
  };
}

/** An instance that answers with what it was told of the request. */
async function telling(t: TestContext) {
  const { port } = await serveHttp(t, ({ headers }, response) => {
    const told = Object.entries(headers).filter(([name]) => name.startsWith('x-forwarded'));
    response.end(JSON.stringify(Object.fromEntries(told)));
  });
  return upstreamAt(port, 'telling');
}

test('over https, applications are told so, and so is the access log', async (t) => {
  const upstreams = [await telling(t)];
  const { visit, ask, httpsPort, port, accesses } = await open(t, { upstreams });
  assert.deepEqual(JSON.parse((await visit()).body), {
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-host': HOST,
    'x-forwarded-port': String(httpsPort),
    'x-forwarded-proto': 'https',
  });
  const plain = JSON.parse((await ask({ headers: { host: HOST } })).body) as object;
  assert.deepEqual(plain, {
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-host': HOST,
    'x-forwarded-port': String(port),
    'x-forwarded-proto': 'http',
  });
  assert.deepEqual(
    accesses.map(({ scheme }) => scheme),
    ['https', 'http'],
  );
});

test('where https is demanded, visitors without it are sent to its port', async (t) => {
  const { visit, ask, httpsPort } = await open(t, {
    upstreams: [await telling(t)],
    forceHttps: true,
  });
  const { status, headers } = await ask({ path: '/x?y=1', headers: { host: `${HOST}:8080` } });
  assert.equal(status, 301);
  assert.equal(headers.location, `https://${HOST}:${httpsPort}/x?y=1`);
  assert.equal((await visit()).status, 200);
  const proxied = { host: HOST, 'x-forwarded-proto': 'https' };
  assert.equal((await ask({ headers: proxied })).status, 200);
});

test('the cookie that leads back to an instance stays on https where it came from there', async (t) => {
  const { visit, ask } = await open(t, { upstreams: [await telling(t)], stickySessions: true });
  assert.match((await visit()).headers['set-cookie']?.[0] ?? '', /; Secure$/);
  const plain = await ask({ headers: { host: HOST } });
  assert.doesNotMatch(plain.headers['set-cookie']?.[0] ?? '', /Secure/);
});

/** A connection over TLS that has asked for an upgrade. */
async function askUpgrade(t: TestContext, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', ...options });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  socket.write(
    `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  );
  return socket;
}

test('an upgraded connection goes over TLS too, and not without where https is demanded', async (t) => {
  const { server, port } = await serveHttp(t, () => undefined);
  server.on('upgrade', (_, socket) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    socket.pipe(socket);
  });
  const { secure, ask } = await open(t, { upstreams: [upstreamAt(port)], forceHttps: true });
  const socket = await askUpgrade(t, secure);
  let text = '';
  socket.on('data', (part: Buffer) => (text += String(part)));
  socket.write('hello');
  while (!/^HTTP\/1\.1 101 [^]*\r\n\r\nhello$/.test(text)) await once(socket, 'data');
  const plain = await ask({ headers: { host: HOST, connection: 'upgrade', upgrade: 'websocket' } });
  assert.equal(plain.status, 403);
});

test('a new certificate is shown on new connections, and none ends for it', async (t) => {
  const { router, visit, secure } = await open(t, { upstreams: [await telling(t)] });
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  let connections = 0;
  router.https.on('secureConnection', () => (connections += 1));
  assert.equal((await visit({ agent })).status, 200);
  const next = await makeCertificate(t);
  router.certify(next.tls);
  assert.equal((await visit({ agent })).status, 200);
  assert.equal(connections, 1);
  await assert.rejects(visit(), { code: /VERIFY|SELF_SIGNED|UNABLE/ });
  assert.equal((await visit({ ca: next.ca })).status, 200);
  const socket = connect({ ...secure, host: '127.0.0.1', ca: next.ca });
  await once(socket, 'secureConnect');
  const shown = socket.getPeerX509Certificate()?.serialNumber;
  assert.equal(shown, new X509Certificate(next.tls.cert).serialNumber);
  socket.destroy();
});

test('a router that drains closes connections over TLS after their next answer, too', async (t) => {
  const { router, visit, secure } = await open(t, { upstreams: [await telling(t)] });
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  await visit({ agent });
  const closed = once(router.https, 'close');
  router.drain();
  assert.equal((await visit({ agent })).headers.connection, 'close');
  await closed;
  await assert.rejects(askHttp(secure), { code: 'ECONNREFUSED' });
});
