import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { appendLine } from '../logs/append-log.ts';
import { endRun } from '../runs/conclude-run.ts';
import { findRunById } from '../runs/run-store.ts';
import type { Database } from '../store/database.ts';
import { openApp } from '../testing/app.ts';
import { onSqlite } from '../testing/database.ts';
import { makeApplication, makeDeployment, makeRun, setDeployment } from '../testing/rows.ts';

onSqlite('a log is not read on with a token that was revoked', async (database, t) => {
  const { app, ask, claimed } = await openApp(database, t);
  const { organizationId, pair } = claimed;
  const id = await makeApplication(database, { ownerId: organizationId });
  t.mock.timers.enable({ apis: ['setInterval'] });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const answer = await fetch(
    `http://127.0.0.1:${port}/v4/logs/organisations/${organizationId}/applications/${id}/logs`,
    { headers: { authorization: `Bearer ${pair.token}.${pair.secret}` } },
  );
  assert.equal(answer.status, 200);
  const text = answer.text();
  t.mock.timers.tick(15_000);
  assert.equal((await ask('DELETE', `/grid/v1/self/tokens/${pair.token}`)).status, 204);
  t.mock.timers.tick(15_000);
  await assert.rejects(text, /terminated/);
});

const NOW = 1_000_000;

/** A deployment of somebody’s, and what a stream of theirs says. */
async function openLog(database: Database, t: TestContext) {
  const { app, ask, context, claimed } = await openApp(database, t);
  const { organizationId: ownerId, pair } = claimed;
  const owned = { ownerId, applicationId: await makeApplication(database, { ownerId }) };
  const deploymentId = await makeDeployment(database, owned);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const { applicationId } = owned;
  const logs = `/v4/logs/organisations/${ownerId}/applications/${applicationId}/logs`;
  return {
    ask,
    owned: { ...owned, deploymentId },
    logs,
    runLogs: (id: string) =>
      `/grid/v1/owners/${ownerId}/applications/${applicationId}/runs/${id}/logs`,
    say: (id: string, line: string) =>
      appendLine(context.paths.logs(applicationId, id), { line, clock: () => NOW }),
    /** The lines, and what the last event says, once the server has ended the stream; `then` after the first line. */
    async read(path: string, then: () => Promise<void> = async () => undefined) {
      const headers = { authorization: `Bearer ${pair.token}.${pair.secret}` };
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      let text = '';
      let isFirst = true;
      for await (const part of answer.body ?? []) {
        text += new TextDecoder().decode(part as Uint8Array);
        if (isFirst && text.includes('"message"')) {
          isFirst = false;
          await then();
        }
      }
      const lines = [...text.matchAll(/"message":"([^"]*)"/g)].map(([, line]) => line);
      const [, end = ''] = /event:END_OF_STREAM\ndata:(.*)/.exec(text) ?? [];
      return { lines, end: JSON.parse(end) as unknown };
    },
  };
}

onSqlite(
  'a stream that is asked to ends with its deployment, and says how that did',
  async (database, t) => {
    const { owned, logs, say, read } = await openLog(database, t);
    const { deploymentId: id } = owned;
    await say(id, 'begins');
    const path = `${logs}?deploymentId=${id}&untilSettled=true`;
    const read1 = await read(path, async () => {
      await say(id, 'fails');
      await setDeployment(database, id, { status: 'failed', finishedAt: NOW });
    });
    const end = { endedBy: 'SETTLED', status: 'failed' };
    assert.deepEqual(read1, { lines: ['begins', 'fails'], end });
    assert.deepEqual(await read(path), { lines: ['begins', 'fails'], end });
  },
);

onSqlite(
  'a stream that is not asked to goes on after the end of its deployment',
  async (database, t) => {
    const { owned, logs, say, read } = await openLog(database, t);
    const { deploymentId: id } = owned;
    await say(id, 'begins');
    await setDeployment(database, id, { status: 'failed', finishedAt: 1 });
    const { lines, end } = await read(`${logs}?deploymentId=${id}&limit=2`, () => say(id, 'after'));
    assert.deepEqual(lines, ['begins', 'after']);
    assert.deepEqual(end, { endedBy: 'LIMIT_REACHED' });
  },
);

onSqlite('an application never settles, which is said', async (database, t) => {
  const { ask, logs } = await openLog(database, t);
  const { status, text } = await ask('GET', `${logs}?untilSettled=true`);
  assert.equal(status, 400);
  assert.match(text, /name a deployment/);
});

onSqlite('the stream of a run ends with the run', async (database, t) => {
  const { owned, runLogs, say, read } = await openLog(database, t);
  const id = await makeRun(database, owned);
  await say(id, 'waits');
  const found = await read(runLogs(id), async () => {
    await say(id, 'cancelled');
    const run = await findRunById(database.read, id);
    assert.ok(run !== undefined);
    await database.transaction((tx) => endRun(tx, run, { status: 'cancelled' }, NOW));
  });
  const end = { endedBy: 'SETTLED', status: 'cancelled' };
  assert.deepEqual(found, { lines: ['waits', 'cancelled'], end });
});

onSqlite('the stream of a run that is gone with its application ends', async (database, t) => {
  const { owned, runLogs, say, read } = await openLog(database, t);
  const id = await makeRun(database, owned);
  await say(id, 'waits');
  const found = await read(runLogs(id), async () => {
    await database.transaction(async (tx) => {
      await tx.deleteFrom('attempts').execute();
      await tx.deleteFrom('runs').execute();
    });
  });
  assert.deepEqual(found.end, { endedBy: 'SETTLED' });
});
