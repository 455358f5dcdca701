import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Unavailable } from '../../lib/unavailable.ts';
import { DockerError, createDockerClient, isMissing, isThere } from './client.ts';

/** An engine that answers so, behind a ping of this version. */
async function serveEngine(t: TestContext, answer: RequestListener, version = '1.41') {
  const folder = mkdtempSync(join(tmpdir(), 'grid-client-'));
  const asked: string[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/_ping') return void response.setHeader('api-version', version).end('OK');
    asked.push(`${request.method} ${request.url}`);
    return answer(request, response);
  });
  const path = join(folder, 'engine.sock');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return { client: createDockerClient(path), asked };
}

const fine: RequestListener = (_, response) => void response.end('{"a":1}');

test('the newest version that both speak is spoken, and one that is too old is refused', async (t) => {
  const { client, asked } = await serveEngine(t, fine);
  assert.deepEqual(await client.ask({ path: '/x', query: { b: 2, c: undefined } }, t.signal), {
    a: 1,
  });
  const newer = await serveEngine(t, fine, '1.99');
  await newer.client.ask({ path: '/x' }, t.signal);
  assert.deepEqual([...asked, ...newer.asked], ['GET /v1.41/x?b=2', 'GET /v1.47/x']);
  const old = await serveEngine(t, fine, '1.39');
  await assert.rejects(
    old.client.ask({ path: '/x' }, t.signal),
    /1\.40 \(Docker 19\.03\) or newer/,
  );
});

test('what the engine refuses is told apart from an engine that is not there', async (t) => {
  const { client } = await serveEngine(t, (request, response) => {
    response.statusCode = Number(request.url?.split('/').at(-1));
    response.end('{"message":"no such thing"}');
  });
  const refused = (status: number): Promise<unknown> =>
    client.ask({ path: `/${status}` }, t.signal).catch((error: unknown) => error);
  const missing = await refused(404);
  assert.ok(missing instanceof DockerError && missing.message === 'no such thing');
  assert.deepEqual([isMissing(missing), isThere(missing)], [true, false]);
  assert.equal(isThere(await refused(409)), true);
  assert.equal(isThere(await refused(304)), true);
  const away = createDockerClient(join(tmpdir(), 'no-engine.sock'));
  await assert.rejects(away.ask({ path: '/x' }, t.signal), Unavailable);
});

test('an engine that hangs, or breaks off, is as good as away', async (t) => {
  const { client } = await serveEngine(t, (request, response) => {
    if (request.url?.endsWith('/broken') === true) {
      response.write('{"half');
      response.destroy();
    }
  });
  const late = client.ask({ path: '/hangs', withinSeconds: 0.05 }, t.signal);
  await assert.rejects(
    late,
    (error) => error instanceof Unavailable && /0\.05 s/.test(error.message),
  );
  await assert.rejects(client.ask({ path: '/broken' }, t.signal), Unavailable);
  const gone = new AbortController();
  const asked = client.ask({ path: '/hangs' }, gone.signal);
  gone.abort();
  await assert.rejects(asked, (error) => !(error instanceof Unavailable));
});
