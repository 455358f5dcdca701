import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { openApp } from '../testing/app.ts';
import { onSqlite } from '../testing/database.ts';
import { answerTo, beginRequest, readAll, serveHttp } from '../testing/http.ts';
import { makeApplication } from '../testing/rows.ts';
import { until } from '../testing/until.ts';
import type { Database } from '../store/database.ts';
import { handleGitHttp } from './http-git.ts';

type Body = { encoding: string; bytes: Buffer; service?: string; status: number };

const FLUSH = Buffer.from('0000');
const MIB = 1024 ** 2;
const junk = gzipSync(randomBytes(4096));
/** References that git is asked for one after the other, and their end never comes. */
const bomb = gzipSync(`0014command=ls-refs\n0001${'0013ref-prefix abc\n'.repeat(MIB)}`);

const bodies: Body[] = [
  { encoding: 'gzip', bytes: Buffer.from('junk that is no gzip'), status: 400 },
  { encoding: 'gzip', bytes: Buffer.alloc(0), status: 400 },
  { encoding: 'gzip', bytes: junk.subarray(0, junk.length - 9), status: 400 },
  {
    encoding: 'gzip',
    bytes: Buffer.concat([junk.subarray(0, 100), randomBytes(400)]),
    status: 400,
  },
  { encoding: 'GZIP', bytes: Buffer.from([0x1f, 0x8b]), status: 400 },
  { encoding: 'gzip', bytes: deflateSync(FLUSH), status: 400 },
  { encoding: 'gzip', bytes: bomb, service: 'git-upload-pack', status: 413 },
  { encoding: 'x-gzip', bytes: gzipSync(FLUSH), status: 415 },
  { encoding: 'deflate', bytes: deflateSync(FLUSH), status: 415 },
  { encoding: 'br', bytes: FLUSH, status: 415 },
  { encoding: 'gzip, gzip', bytes: gzipSync(gzipSync(FLUSH)), status: 415 },
  { encoding: 'gzip', bytes: gzipSync(FLUSH), status: 200 },
];

async function openGit(database: Database, t: TestContext) {
  const { app, claimed, context, ask } = await openApp(database, t);
  const { organizationId: ownerId, pair } = claimed;
  const id = await makeApplication(database, { ownerId });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const basic = Buffer.from(`${pair.token}:${pair.secret}`).toString('base64');
  const begin = (headers: Record<string, string>, service = 'git-receive-pack', at = port) =>
    beginRequest({
      port: at,
      method: 'POST',
      path: `/git/${id}.git/${service}`,
      headers: { authorization: `Basic ${basic}`, 'git-protocol': 'version=2', ...headers },
    });
  return { ask, begin, context, variables: `/v2/organisations/${ownerId}/applications/${id}/env` };
}

onSqlite('a broken body of a push ends that push, and nothing else', async (database, t) => {
  const { begin, ask, variables } = await openGit(database, t);
  const push = async ({ encoding, bytes, service }: Body) => {
    const asked = begin({ 'content-encoding': encoding }, service);
    asked.end(bytes);
    const answer = await answerTo(asked);
    return { status: answer.statusCode, text: await readAll(answer) };
  };
  for (const body of bodies) {
    const { status, text } = await push(body);
    assert.equal(status, body.status, `${body.encoding}: ${text}`);
  }
  const pushes = Array.from({ length: 10 }, () => bodies)
    .flat()
    .map(async (body) => {
      const { status, text } = await push(body);
      assert.ok([body.status, 429].includes(status ?? 0), `${body.encoding}: ${status} ${text}`);
    });
  const writes = Array.from({ length: 20 }, async (_, index) => {
    const { status, text } = await ask('PUT', `${variables}/NAME_${index}`, {
      body: { value: 'x' },
    });
    assert.ok(status < 300, text);
  });
  await Promise.all([...pushes, ...writes]);
});

onSqlite('a client that resets its push leaves nothing behind', async (database, t) => {
  const { begin, ask, variables, context } = await openGit(database, t);
  const gone = Array.from({ length: 20 }, async (_, index) => {
    const asked = begin({ 'content-encoding': index % 2 === 0 ? 'gzip' : 'identity' });
    asked.on('error', () => undefined);
    asked.write(index % 2 === 0 ? junk.subarray(0, 50) : '00');
    await once(asked, 'socket');
    await new Promise((resolve) => setImmediate(resolve));
    asked.destroy();
  });
  await Promise.all(gone);
  const { status, text } = await ask('PUT', `${variables}/NAME`, { body: { value: 'x' } });
  assert.ok(status < 300, text);
  const asked = begin({});
  asked.end(FLUSH);
  const answer = await answerTo(asked);
  assert.equal(answer.statusCode, 200, await readAll(answer));
  await until(() => context.gitLimits.pushing.size === 0);
});

onSqlite('a body that stands still is given up, and its sender told', async (database, t) => {
  const { begin, context } = await openGit(database, t);
  const { port } = await serveHttp(t, (request, response) => {
    void handleGitHttp(context, request, response, 50);
  });
  for (const encoding of ['identity', 'gzip']) {
    const asked = begin({ 'content-encoding': encoding }, 'git-receive-pack', port);
    asked.on('error', () => undefined);
    asked.write(encoding === 'gzip' ? gzipSync('00').subarray(0, 12) : '00');
    const answer = await answerTo(asked);
    assert.equal(answer.statusCode, 408);
    assert.match(await readAll(answer), /Nothing came/);
    asked.destroy();
  }
});

onSqlite('git-lfs is told where contents are kept, in its own form', async (database, t) => {
  const { begin } = await openGit(database, t);
  for (const path of ['info/lfs/objects/batch', 'info/lfs/locks/verify']) {
    const asked = begin({}, path);
    asked.end('{}');
    const answer = await answerTo(asked);
    assert.equal(answer.statusCode, 501);
    assert.equal(answer.headers['content-type'], 'application/vnd.git-lfs+json');
    const { message } = JSON.parse(await readAll(answer)) as { message: string };
    assert.match(message, /^Git LFS: contents are not kept here.*lfs\.url/);
  }
});
