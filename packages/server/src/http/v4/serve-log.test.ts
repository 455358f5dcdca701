import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { openApp } from '../../testing/app.ts';
import { onSqlite } from '../../testing/database.ts';
import { makeApplication } from '../../testing/rows.ts';

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
