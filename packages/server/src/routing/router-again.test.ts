import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { beginRequest, exchange, serveBytes, serveHttp } from '../testing/http.ts';
import { HOST, makeRoute, openTestRouter, upstreamAt } from '../testing/router.ts';
import { until } from '../testing/until.ts';
import { isRefused } from './forward.ts';
import type { Upstream } from './route-table.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

const end = (socket: Socket): unknown => socket.end();
const reset = (socket: Socket): unknown => socket.resetAndDestroy();

/** An application that keeps its connections, and closes each when something comes on it for the second time. */
async function closing(t: TestContext, close = (socket: Socket): unknown => socket.destroy()) {
  const heard: string[] = [];
  const own = await serveBytes(t, (socket, piece, { piece: number }) => {
    heard.push(String(piece));
    if (number === 0) socket.write(OK);
    else close(socket);
  });
  return { heard, ...(await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)] })])) };
}

test('what may be asked twice is asked again on a fresh connection, where nothing was answered', async (t) => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
    for (const [body, close] of [
      ['', reset],
      ['', end],
      ['x'.repeat(10_000), reset],
      ['x'.repeat(10_000), end],
    ] as const) {
      const { ask, heard, accesses } = await closing(t, close);
      assert.equal((await ask()).status, 200);
      const headers = { 'content-length': String(body.length) };
      assert.equal((await ask({ method, body, headers })).status, 200, method);
      assert.equal(heard.at(-1)?.endsWith(`\r\n\r\n${body}`), true, 'the whole body, again');
      assert.deepEqual(
        accesses.map(({ statusCode }) => statusCode),
        [200, 200],
      );
    }
});

/** Three instances, of which each goes down by `/poison`, and how many were asked for that. */
async function mortal(t: TestContext) {
  const asked: string[] = [];
  const upstreams: Upstream[] = [];
  for (const name of ['one', 'two', 'three']) {
    const { server, port } = await serveHttp(t, ({ url }, response) => {
      if (url !== '/poison') {
        response.end('served');
        return;
      }
      asked.push(name);
      server.close();
      server.closeAllConnections();
    });
    upstreams.push(upstreamAt(port));
  }
  return { asked, ...(await openTestRouter(t, [makeRoute({ upstreams })])) };
}

test('what brings its instance down is asked of no other, nor again on a connection that was fresh', async (t) => {
  for (const kept of [0, 3]) {
    const { ask, asked } = await mortal(t);
    for (let count = 0; count < kept; count += 1) assert.equal((await ask()).body, 'served');
    assert.equal((await ask({ path: '/poison' })).status, 502);
    assert.deepEqual(asked, ['one']);
    assert.equal((await ask()).body, 'served', 'the others are up');
  }
});

test('a worker that goes down by what it is asked is not asked again where it was asked first', async (t) => {
  for (const close of [end, reset]) {
    let heard = 0;
    const own = await serveBytes(t, (socket) => {
      heard += 1;
      close(socket);
    });
    const { ask } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)] })]);
    assert.equal((await ask()).status, 502);
    assert.equal(heard, 1);
  }
});

test('only a connection that was never made is refused: one that breaks for the same reason carried something', () => {
  const broken = (syscall: string) =>
    isRefused(Object.assign(new Error('gone'), { code: 'EHOSTUNREACH', syscall }));
  assert.deepEqual(['connect', 'read', 'write'].map(broken), [true, false, false]);
});

test('what may not be asked twice is not, nor what is too long to keep, nor what was answered in part', async (t) => {
  for (const asked of [
    { method: 'POST', body: 'x' },
    { method: 'PATCH', body: 'x' },
    { method: 'PUT', body: 'x'.repeat(100_000) },
  ]) {
    const { ask, heard } = await closing(t);
    await ask();
    assert.equal((await ask(asked)).status, 502);
    const asking = heard.filter((text) => text.startsWith(asked.method));
    assert.equal(asking.length, 1);
  }
  const { ask, heard } = await closing(t, (socket) => socket.end('HTTP/1.1 200 OK\r\nX-H'));
  await ask();
  assert.equal((await ask()).status, 502);
  assert.equal(heard.length, 2);
});

test('what may be asked once goes over a fresh connection to who closes kept ones without a word', async (t) => {
  const connections: number[] = [];
  const own = await serveBytes(t, (socket, piece, { connection, piece: number }) => {
    if (!String(piece).startsWith('POST')) socket.end(OK);
    else if (number === 0) socket.write(OK);
    connections.push(connection);
  });
  const { ask, router } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)] })]);
  await ask();
  await until(() => Object.keys(router.inFlight()).length === 0);
  for (let count = 0; count < 3; count += 1)
    assert.equal((await ask({ method: 'POST', body: 'x' })).status, 200);
  assert.deepEqual([...new Set(connections)], [0, 1, 2, 3]);
});

test('what an application says before it hangs up on an upload is delivered', async (t) => {
  for (const status of ['413 Payload Too Large', '307 Temporary Redirect', '401 Unauthorized']) {
    const own = await serveBytes(t, (socket) => {
      socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno`);
      // as the kernel does where something was not read
      socket.resetAndDestroy();
    });
    const { port } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)] })]);
    const chunk = Buffer.alloc(64 * 1024, 'x');
    for (const framing of [
      { 'content-length': String(64 * chunk.length) },
      {},
      { trailer: 'X-Sum' },
    ])
      for (let count = 0; count < 10; count += 1) {
        const headers = { host: HOST, ...framing };
        const asked = beginRequest({ port, method: 'POST', headers }).on('error', () => undefined);
        const answered = new Promise<number>((resolve, reject) => {
          asked.on('response', (answer) => resolve(answer.resume().statusCode ?? 0));
          asked.on('close', () => reject(new Error('nothing was answered')));
        });
        for (let sent = 0; sent < 64; sent += 1) {
          asked.write(chunk);
          await new Promise(setImmediate);
        }
        asked.end();
        assert.equal(await answered, Number(status.slice(0, 3)));
      }
  }
});

test('a connection goes on after an upload that nobody read, chunked or not', async (t) => {
  const own = await serveBytes(t, (socket, piece) => {
    if (/^(POST|GET)/.test(String(piece))) socket.write(OK);
  });
  const { port } = await openTestRouter(t, [makeRoute({ upstreams: [upstreamAt(own)] })]);
  const body = 'x'.repeat(1_000_000);
  for (const sent of [
    `Content-Length: ${body.length}\r\n\r\n${body}`,
    `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    `Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  ]) {
    const bytes = `POST / HTTP/1.1\r\nHost: ${HOST}\r\n${sent}GET /next HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
    const answer = await exchange(t, port, { bytes, whole: /200 OK[^]*200 OK[^]*ok$/ });
    assert.equal(answer.match(/HTTP\/1\.1 200 OK/g)?.length, 2);
  }
});
