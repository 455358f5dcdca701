import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { mkdirSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { accounts, events, logs } from '@grid/api';
import { WebSocket } from 'ws';
import { createRepository } from '../git/repository.ts';
import { openApp } from '../testing/app.ts';
import type { Database } from '../store/database.ts';
import { onSqlite } from '../testing/database.ts';
import { addressOf } from '../testing/endpoints.ts';
import { askHttp, beginRequest, readAll } from '../testing/http.ts';
import { openTestRouter } from '../testing/router.ts';
import { makeApplication, makeMember } from '../testing/rows.ts';
import { until } from '../testing/until.ts';

const host = { host: 'localhost' };
const MANY = 70;

/** The platform behind its router, an application in it, and what is answered to somebody who needs it. */
async function open(database: Database, t: TestContext) {
  const { app, context, claimed } = await openApp(database, t);
  const { port, controlSocket } = await openTestRouter(t, []);
  await app.listen({ path: controlSocket });
  const { organizationId: ownerId, pair } = claimed;
  const applicationId = await makeApplication(database, { ownerId });
  const authorization = `Bearer ${pair.token}.${pair.secret}`;
  const { headers: other } = await makeMember(database);
  const held: ClientRequest[] = [];
  t.after(() => held.forEach((asked) => asked.destroy()));
  return {
    context,
    port,
    held,
    ownerId,
    applicationId,
    authorization,
    /** Asks and goes on asking; who has been answered is listed. */
    hold(asked: { path: string; method?: string; headers?: object }, sent = '') {
      const answers: IncomingMessage[] = [];
      for (let count = 0; count < MANY; count += 1) {
        const one = beginRequest({ port, ...asked, headers: { ...host, ...asked.headers } });
        one.on('error', () => undefined).on('response', (answer) => answers.push(answer));
        if (asked.method === undefined) one.end();
        else one.write(sent);
        held.push(one);
      }
      return answers;
    },
    async othersAreServed(): Promise<void> {
      const own = await askHttp({ port, path: '/v2/self', headers: { ...host, ...other } });
      assert.equal(own.status, 200);
      const from = { ...host, 'x-forwarded-for': '198.51.100.9', 'x-forwarded-proto': 'https' };
      assert.equal((await askHttp({ port, path: '/sign-in', headers: from })).status, 200);
    },
  };
}

const statusesOf = (answers: readonly IncomingMessage[]): Record<string, number> => {
  const counts = Map.groupBy(answers, ({ statusCode }) => statusCode);
  return Object.fromEntries([...counts].map(([status, all]) => [String(status), all.length]));
};

onSqlite('bodies of strangers that never come hold nobody up', async (database, t) => {
  const { hold, othersAreServed } = await open(database, t);
  const slow = { path: accounts.signIn.path, method: 'POST', headers: { 'content-length': '100' } };
  const answers = hold(slow, '{');
  await until(() => answers.length === MANY - 32);
  await othersAreServed();
  assert.deepEqual(statusesOf(answers), { 429: MANY - 32 });
  const [one] = answers;
  assert.ok(one);
  assert.equal(one.headers['retry-after'], '5');
  assert.match(await readAll(one), /You have 32 requests open/);
});

onSqlite('nor those that are announced without credentials', async (database, t) => {
  const { hold, othersAreServed, ownerId, applicationId } = await open(database, t);
  const path = `/v2/organisations/${ownerId}/applications/${applicationId}/env`;
  const answers = hold({ path, method: 'PUT', headers: { 'content-length': '100' } }, '{');
  await othersAreServed();
  await until(() => answers.length === MANY);
  assert.deepEqual(statusesOf(answers), { 401: MANY });
});

onSqlite('nor do bodies of one user, who has places for so many', async (database, t) => {
  const { hold, othersAreServed, ownerId, applicationId, authorization } = await open(database, t);
  const path = `/v2/organisations/${ownerId}/applications/${applicationId}/env`;
  const headers = { authorization, 'content-length': '100' };
  const all = [1, 2].map(() => hold({ path, method: 'PUT', headers }, '{'));
  await until(() => all.flat().length === 2 * MANY - 128);
  await othersAreServed();
  assert.deepEqual(statusesOf(all.flat()), { 429: 2 * MANY - 128 });
});

onSqlite('who follows more logs than anybody reads has those, and no more', async (database, t) => {
  const platform = await open(database, t);
  const { hold, othersAreServed, authorization, port } = platform;
  const { ownerId, applicationId } = platform;
  const path = addressOf(logs.streamLogs, { ownerId, applicationId });
  const answers = hold({ path, headers: { authorization } });
  await until(() => answers.length === MANY);
  await othersAreServed();
  assert.deepEqual(statusesOf(answers), { 200: 64, 409: MANY - 64 });
  answers.find(({ statusCode }) => statusCode === 200)?.destroy();
  await until(async () => {
    const asked = beginRequest({ port, path, headers: { ...host, authorization } });
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    asked.destroy();
    return answer.statusCode === 200;
  });
});

onSqlite('a team follows its logs, each member their own', async (database, t) => {
  const { hold, othersAreServed, ownerId, applicationId } = await open(database, t);
  const path = addressOf(logs.streamLogs, { ownerId, applicationId });
  const members = await Promise.all(
    Array.from({ length: 2 }, () =>
      makeMember(database, { organizationId: ownerId, role: 'DEVELOPER' }),
    ),
  );
  const all = members.map(({ headers }) => hold({ path, headers }));
  await until(() => all.every((answers) => answers.length === MANY));
  await othersAreServed();
  for (const answers of all) assert.deepEqual(statusesOf(answers), { 200: 64, 409: MANY - 64 });
});

onSqlite('pushes that never end hold nobody up', async (database, t) => {
  const platform = await open(database, t);
  const { hold, held, othersAreServed, authorization, applicationId, context } = platform;
  mkdirSync(context.paths.folder('repositories'), { recursive: true });
  await createRepository(context.paths, applicationId);
  const path = `/git/${applicationId}.git/git-receive-pack`;
  const push = { path, method: 'POST', headers: { authorization, 'content-length': '100' } };
  const answers = hold(push, '00');
  await othersAreServed();
  for (const asked of held) asked.end('x'.repeat(98));
  await until(() => answers.length === MANY);
  await Promise.all(answers.map((answer) => readAll(answer).catch(() => undefined)));
});

onSqlite('event sockets are so many of strangers, and of one user', async (database, t) => {
  const { authorization, port, othersAreServed } = await open(database, t);
  const closed: number[] = [];
  const connect = (): WebSocket => {
    const address = `ws://127.0.0.1:${port}${events.eventSocket.path}`;
    const socket = new WebSocket(address, { headers: host });
    t.after(() => socket.terminate());
    return socket.on('close', (code) => closed.push(code)).on('error', () => undefined);
  };
  const silent = Array.from({ length: MANY }, connect);
  await until(() => closed.length === MANY - 32);
  await othersAreServed();
  for (const socket of silent) socket.terminate();
  await until(() => closed.length === MANY);
  closed.length = 0;
  const hello = JSON.stringify({ message_type: 'Authentication', authorization });
  for (let count = 0; count < MANY; count += 1) {
    const socket = connect();
    await once(socket, 'open');
    socket.send(hello);
    await Promise.race([once(socket, 'message'), once(socket, 'close')]);
  }
  await until(() => closed.length === MANY - 32);
  assert.deepEqual(new Set(closed), new Set([1008]));
  await othersAreServed();
});
