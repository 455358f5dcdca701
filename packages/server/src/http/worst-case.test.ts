import assert from 'node:assert/strict';
import { request } from 'node:http';
import { join } from 'node:path';
import { BODY_LIMIT } from '@grid/api';
import { z } from 'zod';
import { openApp } from '../testing/app.ts';
import type { TestApp } from '../testing/app.ts';
import { onSqlite } from '../testing/database.ts';
import { addressOf, endpoints, parametersOf } from '../testing/endpoints.ts';
import type { Described } from '../testing/endpoints.ts';
import { answerTo, readAll } from '../testing/http.ts';
import { makeApplication } from '../testing/rows.ts';
import { makeScene } from '../testing/scene.ts';
import { temporaryFolder } from '../testing/router.ts';

const LARGE = 4 * 1024 * 1024;

const takesBody = ({ body }: Described): boolean => !(body instanceof z.ZodUnknown);
const addressed = (endpoint: Described, params: Readonly<Record<string, string>>): string =>
  addressOf(
    endpoint,
    Object.fromEntries(parametersOf(endpoint).map((name) => [name, params[name] ?? 'x'])),
  );

/** Announces so large a body, sends what is given of it, and waits for the answer. */
function announce(socketPath: string, endpoint: Described, params = {}) {
  return async (sent: string, headers: Record<string, string> = {}) => {
    const asked = request({
      socketPath,
      agent: false,
      method: endpoint.method,
      path: addressed(endpoint, params),
      headers: { host: 'localhost', 'content-type': 'application/json', ...headers },
    });
    asked.write(sent);
    asked.flushHeaders();
    const answer = await answerTo(asked);
    const text = await readAll(answer);
    asked.destroy();
    return { status: answer.statusCode, text };
  };
}

async function listen({ app }: TestApp, folder: string): Promise<string> {
  const path = join(folder, 'control.sock');
  await app.listen({ path });
  return path;
}

onSqlite('who has not signed in is told so before a body has come', async (database, t) => {
  const socket = await listen(await openApp(database, t), temporaryFolder(t));
  const length = { 'content-length': String(LARGE) };
  const guarded = endpoints.filter((one) => one.for !== 'open' && one.method !== 'GET');
  assert.ok(guarded.length > 20);
  for (const endpoint of guarded) {
    const { status } = await announce(socket, endpoint)('[', length);
    assert.equal(status, 401, endpoint.name);
  }
});

onSqlite(
  'a body beyond its limit is refused by what it says, and by what comes',
  async (database, t) => {
    const platform = await openApp(database, t);
    const { headers, params } = await makeScene(platform, { role: 'ADMIN', operator: true });
    const socket = await listen(platform, temporaryFolder(t));
    for (const endpoint of endpoints.filter(takesBody)) {
      const { bodyLimit = BODY_LIMIT } = endpoint;
      const ask = announce(socket, endpoint, params);
      const announced = await ask('[', { ...headers, 'content-length': String(bodyLimit + 1) });
      assert.equal(announced.status, 413, `${endpoint.name}: ${announced.text}`);
      assert.match(announced.text, new RegExp(` ${bodyLimit / 1024} KiB`));
      const sent = await ask(`[${'1,'.repeat(bodyLimit / 2)}`, headers);
      assert.equal(sent.status, 413, `${endpoint.name}: ${sent.text}`);
    }
  },
);

onSqlite('what somebody may do is known when all that they say has come', async (database, t) => {
  const platform = await openApp(database, t);
  const { headers, params } = await makeScene(platform, { role: 'ADMIN' });
  const socketPath = await listen(platform, temporaryFolder(t));
  const { ownerId = '', applicationId = '' } = params;
  const asked = request({
    socketPath,
    agent: false,
    method: 'PUT',
    path: `/v2/organisations/${ownerId}/applications/${applicationId}/env`,
    headers: { host: 'localhost', 'content-type': 'application/json', ...headers },
  });
  const known = Promise.withResolvers<void>();
  const { requests } = platform.context.crowd;
  const { take } = requests;
  requests.take = (key) => {
    known.resolve();
    return take(key);
  };
  asked.write('{"A":');
  await known.promise;
  assert.equal((await platform.app.inject({ url: '/v2/self', headers })).statusCode, 200);
  const right = { role: 'ACCOUNTING' } as const;
  await database.transaction((tx) => tx.updateTable('members').set(right).execute());
  asked.end('"1"}');
  assert.equal((await answerTo(asked)).statusCode, 403);
  assert.deepEqual(await database.read.selectFrom('environmentValues').selectAll().execute(), []);
});

onSqlite('whoever asks is heard for 4 KiB, and no more is looked at', async (database, t) => {
  const { app } = await openApp(database, t);
  const open = endpoints.filter((one) => one.for === 'open' && takesBody(one));
  assert.ok(open.length >= 2);
  for (const { path, method, bodyLimit, name } of open) {
    assert.equal(bodyLimit, 4096, name);
    for (const piece of ['1,', '[', '{"a":', '"a":1,', '"', '\\u0000', ' ']) {
      const whole = piece.repeat(Math.floor(LARGE / piece.length));
      for (const payload of [whole, whole.slice(0, 4_000), `[${whole.slice(0, 4_000)}`]) {
        const { statusCode } = await app.inject({ method, url: path, payload });
        assert.equal(statusCode, payload.length > 4096 ? 413 : 400, `${name}: ${piece}`);
      }
    }
  }
});

onSqlite('headers that mean nothing cost a look', async (database, t) => {
  const { app } = await openApp(database, t);
  for (const piece of [
    'a',
    'a=',
    'a="',
    '"',
    ' ',
    '\t',
    ',',
    '=',
    'a =',
    '&',
    '%26',
    '.',
    ':',
    '; ',
  ]) {
    const long = piece.repeat(15_000 / piece.length);
    for (const scheme of ['OAuth ', 'Bearer ', 'Basic ', '']) {
      const headers = { authorization: `${scheme}${long}` };
      assert.equal((await app.inject({ url: '/v2/self', headers })).statusCode, 401);
    }
    const cookie = { cookie: `${long}; __Host-grid_session=${long}` };
    const url = `/cli-oauth?cli_token=${'x'.repeat(27)}`;
    assert.ok((await app.inject({ url, headers: cookie })).statusCode < 500);
    const { statusCode } = await app.inject({
      url: `/v2/self?${encodeURI(long)}`,
      headers: cookie,
    });
    assert.equal(statusCode, 401);
  }
});

onSqlite('what cannot be kept by its name is refused, never left out', async (database, t) => {
  const { ask, claimed } = await openApp(database, t);
  const { organizationId: ownerId } = claimed;
  const id = await makeApplication(database, { ownerId });
  const env = `/v2/organisations/${ownerId}/applications/${id}/env`;
  const put = async (text: string) => {
    const headers = { 'content-type': 'application/json' };
    const { status, json } = await ask('PUT', env, { body: text, headers });
    return `${status} ${(json as { message?: string } | undefined)?.message ?? ''}`;
  };
  for (const name of ['__proto__', '\\u005f_proto__', '_\\u005fproto__', '__pr\\u006fto__'])
    assert.equal(await put(`{"${name}":"x"}`), '400 Nothing may be called "__proto__".');
  assert.equal((await ask('PUT', `${env}/__proto__`, { body: { value: 'x' } })).status, 400);
  assert.equal(await put('{"constructor":"a","toString":"b","hasOwnProperty":"c"}'), '200 ');
  const { json } = await ask('GET', env);
  assert.deepEqual(json, [
    { name: 'constructor', value: 'a' },
    { name: 'hasOwnProperty', value: 'c' },
    { name: 'toString', value: 'b' },
  ]);
});
