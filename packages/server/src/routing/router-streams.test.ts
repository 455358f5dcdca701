import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { answerTo, beginRequest, readAll, serveHttp } from '../testing/http.ts';
import { HOST, makeRoute, openTestRouter, upstreamAt } from '../testing/router.ts';
import { until } from '../testing/until.ts';

const headers = { host: HOST };

/** All text of a connection so far, once it matches. */
function listenTo(socket: Socket): (pattern: RegExp) => Promise<string> {
  let text = '';
  socket.on('data', (part: Buffer) => (text += String(part)));
  return async (pattern) => {
    while (!pattern.test(text)) await once(socket, 'data');
    return text;
  };
}

test('chunks of an answer arrive before its end', async (t) => {
  const { server, port: own } = await serveHttp(t, (_, response) => void response.write('first'));
  const { port } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)] })]);
  const asked = beginRequest({ port, headers });
  asked.end();
  const [, response] = await once(server, 'request');
  const answer = await answerTo(asked);
  const [first] = (await once(answer, 'data')) as [Buffer];
  assert.equal(String(first), 'first');
  response.end('last');
  assert.equal(await readAll(answer), 'last');
});

test('chunks of a request arrive before its end', async (t) => {
  const { server, port: own } = await serveHttp(t, () => undefined);
  const { port } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)] })]);
  const asked = beginRequest({ port, headers, method: 'POST' });
  asked.write('first');
  const [request, response] = await once(server, 'request');
  const [first] = (await once(request as IncomingMessage, 'data')) as [Buffer];
  assert.equal(String(first), 'first');
  asked.end('last');
  assert.equal(await readAll(request as IncomingMessage), 'last');
  response.end('both');
  assert.equal(await readAll(await answerTo(asked)), 'both');
});

test('a connection goes on after an answer that did not wait for the whole body', async (t) => {
  const { port: own } = await serveHttp(t, (request, response) => {
    response.writeHead(request.method === 'POST' ? 413 : 200).end();
  });
  const { port } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)] })]);
  const socket = connect(port, '127.0.0.1');
  const answered = listenTo(socket);
  const body = Buffer.alloc(8 * 1024 ** 2, 'x');
  socket.write(`POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${body.length}\r\n\r\n`);
  socket.write(body);
  socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  assert.match(await answered(/HTTP\/1\.1 200/), /^HTTP\/1\.1 413/);
  socket.destroy();
});

test('a visitor who leaves ends the request at the instance', async (t) => {
  const { server, port: own } = await serveHttp(t, (_, response) => void response.write('first'));
  const { port, router } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)] })]);
  const asked = beginRequest({ port, headers }).on('error', () => undefined);
  asked.end();
  const [, response] = await once(server, 'request');
  await answerTo(asked);
  asked.destroy();
  await once(response, 'close');
  assert.deepEqual(router.inFlight(), {});
});

test('a reader who is slow holds the instance back, and gets everything', async (t) => {
  const size = 32 * 1024 * 1024;
  const { server, port: own } = await serveHttp(t, (_, response) => {
    response.end(Buffer.alloc(size, 'x'));
  });
  const route = makeRoute({ upstreams: [upstreamAt(own)] });
  const { port, ask } = await openTestRouter(t, [route]);
  const asked = beginRequest({ port, headers });
  asked.end();
  const [, response] = await once(server, 'request');
  const answer = await answerTo(asked);
  // Others have time enough.
  for (let count = 0; count < 200; count += 1) await ask({ headers: { host: 'nobody.test' } });
  assert.equal(response.writableFinished, false);
  assert.equal((await readAll(answer)).length, size);
});

test('those who hold an instance’s connections keep nobody else out', async (t) => {
  const { port: own } = await serveHttp(t, (request, response) => {
    if (request.method === 'GET') response.end('served');
  });
  const { port, ask, router } = await openTestRouter(t, [
    makeRoute({ upstreams: [upstreamAt(own)] }),
  ]);
  const slow = { ...headers, 'content-length': '100' };
  const held = Array.from({ length: 300 }, () => {
    const asked = beginRequest({ port, headers: slow, method: 'POST' });
    asked.on('error', () => undefined).write('x');
    return asked;
  });
  t.after(() => held.forEach((asked) => asked.destroy()));
  await until(() => router.inFlight()[upstreamAt(own).instanceId] === held.length);
  assert.equal((await ask()).body, 'served');
});

test('a body that stands still, and an answer that nobody reads, are given up', async (t) => {
  const { port: own } = await serveHttp(t, (request, response) => {
    if (request.method === 'GET') response.end(Buffer.alloc(64 * 1024 * 1024));
  });
  const route = makeRoute({ upstreams: [upstreamAt(own)], idleTimeoutSeconds: 0.2 });
  const { port, router } = await openTestRouter(t, [route]);
  const text = `Host: ${HOST}\r\nContent-Length: 9\r\n\r\n`;
  for (const asked of [`POST / HTTP/1.1\r\n${text}x`, `GET / HTTP/1.1\r\n${text}123456789`]) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    t.after(() => socket.destroy());
    socket.write(asked);
    await until(() => Object.keys(router.inFlight()).length === 1);
    await until(() => Object.keys(router.inFlight()).length === 0);
  }
});

test('headers in any alphabet reach the visitor byte for byte', async (t) => {
  const name = 'Location: /\u6f22\u00e9';
  const latin = Buffer.from('X-Latin: \u00e9', 'latin1');
  const lines = [Buffer.from(`HTTP/1.1 302 Found\r\n${name}\r\n`), latin];
  const sent = Buffer.concat([...lines, Buffer.from('\r\nContent-Length: 0\r\n\r\n')]);
  const server = createServer((socket) => {
    socket.on('error', () => undefined).on('data', () => socket.write(sent));
  });
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const upstream = upstreamAt((server.address() as AddressInfo).port);
  const { port } = await openTestRouter(t, [makeRoute({ upstreams: [upstream] })]);
  for (const method of ['GET', 'HEAD', 'UPGRADE']) {
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    const [asked, upgrade] =
      method === 'UPGRADE' ? ['GET', 'Upgrade\r\nUpgrade: x'] : [method, 'close'];
    socket.write(`${asked} / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: ${upgrade}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.ok(answer.includes(Buffer.from(name)), `${method} ${String(answer)}`);
    assert.ok(answer.includes(latin), `${method} ${String(answer)}`);
  }
});

test('a request that waits to be told to go on is told', async (t) => {
  const { port: own } = await serveHttp(t, (request, response) => request.pipe(response));
  const { port } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)] })]);
  const asked = beginRequest({
    port,
    headers: { ...headers, expect: '100-continue' },
    method: 'PUT',
  });
  asked.flushHeaders();
  await once(asked, 'continue');
  asked.end('body');
  assert.equal(await readAll(await answerTo(asked)), 'body');
});

/** A connection that has asked for an upgrade. */
function askUpgrade(t: TestContext, port: number, { host = HOST, early = '' } = {}): Socket {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  const lines = [
    'GET /socket HTTP/1.1',
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${early}`);
  return socket;
}

/** An instance that agrees to upgrades and then says back what it hears. */
async function echoing(t: TestContext) {
  const { server, port } = await serveHttp(t, (_, response) => response.end('no upgrade'));
  const asked: IncomingMessage[] = [];
  server.on('upgrade', (request, socket, head) => {
    asked.push(request);
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Own: 1\r\n\r\n',
    );
    socket.write(head);
    socket.pipe(socket);
  });
  return { upstream: upstreamAt(port), asked };
}

test('an upgraded connection carries bytes both ways, past silence and new tables, and is counted', async (t) => {
  const { upstream, asked } = await echoing(t);
  const route = makeRoute({ upstreams: [upstream], idleTimeoutSeconds: 0.01 });
  const { port, router, swap } = await openTestRouter(t, [route]);
  const socket = askUpgrade(t, port, { early: 'early ' });
  const heard = listenTo(socket);
  await heard(/^HTTP\/1\.1 101 Switching Protocols\r\n[^]*X-Own: 1\r\n[^]*\r\n\r\nearly $/);
  assert.equal(asked[0]?.headers['sec-websocket-key'], 'dGhlIHNhbXBsZSBub25jZQ==');
  assert.equal(asked[0]?.headers['x-forwarded-host'], HOST);
  swap([]);
  socket.write('late');
  await heard(/early late$/);
  assert.deepEqual(router.inFlight(), { [upstream.instanceId]: 1 });
  socket.end();
  await once(socket, 'close');
  assert.deepEqual(router.inFlight(), {});
});

test('an upgrade goes past an instance that refuses', async (t) => {
  const { upstream } = await echoing(t);
  const { server, port: gone } = await serveHttp(t, () => undefined);
  server.close();
  await once(server, 'close');
  const { port } = await openTestRouter(t, [
    makeRoute({ upstreams: [upstreamAt(gone), upstream] }),
  ]);
  await listenTo(askUpgrade(t, port))(/^HTTP\/1\.1 101 /);
});

test('where nobody takes an upgrade, the status says why', async (t) => {
  const { server, port: gone } = await serveHttp(t, () => undefined);
  server.close();
  await once(server, 'close');
  const { port } = await openTestRouter(
    t,
    [
      makeRoute({ upstreams: [upstreamAt(gone)] }),
      makeRoute({ host: 'stopped.test', state: 'stopped' }),
    ],
    { platformHoldMs: 1 },
  );
  const answered = async (host: string) => readAll(askUpgrade(t, port, { host }));
  assert.match(await answered(HOST), /^HTTP\/1\.1 502 /);
  assert.match(await answered('stopped.test'), /^HTTP\/1\.1 503 /);
  assert.match(await answered('nobody.test'), /^HTTP\/1\.1 404 /);
  assert.match(await answered('localhost'), /^HTTP\/1\.1 503 /);
});

test('who is refused an upgrade by an instance that breaks off is let go, and not counted', async (t) => {
  const { port: own } = await serveHttp(t, (_, response) => {
    response.write('refu', () => response.destroy());
  });
  const { port, router } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)] })]);
  const socket = askUpgrade(t, port);
  const closed = once(socket, 'close');
  socket.on('error', () => undefined).resume();
  await closed;
  await until(() => Object.keys(router.inFlight()).length === 0);
});

test('nothing is passed behind an upgrade that was not agreed to: it would come past the router', async (t) => {
  let received = '';
  const server = createServer((socket) => {
    socket.on('data', (part: Buffer) => (received += String(part)));
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno'));
  });
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const closed = once(server, 'connection').then(([socket]) => once(socket as Socket, 'close'));
  const upstream = upstreamAt((server.address() as AddressInfo).port);
  const { port } = await openTestRouter(t, [makeRoute({ upstreams: [upstream] })]);
  const early = `GET /smuggled HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
  const answer = await readAll(askUpgrade(t, port, { early }));
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n\r\nno$/);
  await closed;
  assert.match(received, /^GET \/socket /);
  assert.doesNotMatch(received, /smuggled/);
});
