import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { answerTo, beginRequest, serveHttp } from '../testing/http.ts';
import { openTestRouter } from '../testing/router.ts';
import type { TestRouter } from '../testing/router.ts';

const headers = { host: 'localhost' };

/** A control plane, on its socket. */
const start = (t: TestContext, { controlSocket }: TestRouter, handle: RequestListener) =>
  serveHttp(t, handle, controlSocket);

/** Ends it as a crash would: every connection breaks. */
async function crash({ server }: Awaited<ReturnType<typeof start>>): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

test('requests for the platform wait while its control plane is away, and are answered when it is back', async (t) => {
  const router = await openTestRouter(t, []);
  const waiting = [
    router.ask({ headers }),
    router.ask({ headers, method: 'POST', body: 'written once' }),
    router.ask({ headers: { host: '127.0.0.1' } }),
  ];
  await router.ask({ headers: { host: 'nobody.test' } });
  const bodies: string[] = [];
  await start(t, router, (request, response) => {
    request.on('data', (part: Buffer) => bodies.push(String(part)));
    request.on('end', () => response.end('back'));
  });
  for (const { status, body } of await Promise.all(waiting)) {
    assert.equal(body, 'back');
    assert.equal(status, 200);
  }
  assert.deepEqual(bodies, ['written once']);
});

test('a request that only asks is asked again where the control plane ended before it answered', async (t) => {
  const router = await openTestRouter(t, []);
  const asked: unknown[] = [];
  const first = await start(t, router, (request) => asked.push(request));
  const asking = ['GET', 'HEAD'].map((method) => router.ask({ headers, method }));
  while (asked.length < 2) await once(first.server, 'request');
  await crash(first);
  await start(t, router, (_, response) => response.end('back'));
  const [get, head] = await Promise.all(asking);
  assert.equal(get?.body, 'back');
  assert.equal(head?.status, 200);
});

test('a request that may have been carried out is not sent twice', async (t) => {
  const router = await openTestRouter(t, []);
  const asked: unknown[] = [];
  const first = await start(t, router, (request) => asked.push(request));
  const asking = [
    router.ask({ headers, method: 'POST', body: 'x' }),
    router.ask({ headers, method: 'DELETE' }),
  ];
  while (asked.length < 2) await once(first.server, 'request');
  await crash(first);
  for (const { status, body } of await Promise.all(asking)) {
    assert.equal(status, 502);
    assert.match(body, /^The control plane ended while it answered/);
  }
});

test('a request that always ends the connection is asked twice only', async (t) => {
  const router = await openTestRouter(t, []);
  let asked = 0;
  await start(t, router, (request) => {
    asked += 1;
    request.socket.destroy();
  });
  assert.equal((await router.ask({ headers })).status, 502);
  assert.equal(asked, 2);
});

test('a stream that has begun breaks off', async (t) => {
  const router = await openTestRouter(t, []);
  const first = await start(t, router, (_, response) => void response.write('event'));
  const asked = beginRequest({ port: router.port, headers });
  asked.end();
  const answer = await answerTo(asked);
  await once(answer, 'data');
  await crash(first);
  await assert.rejects(once(answer, 'end'), { code: 'ECONNRESET' });
});

test('who waits too long is told that the control plane restarts', async (t) => {
  const router = await openTestRouter(t, [], { platformHoldMs: 250 });
  const { status, body, headers: answered } = await router.ask({ headers });
  assert.equal(status, 503);
  assert.equal(answered['retry-after'], '5');
  assert.match(body, /^The control plane is restarting/);
});
