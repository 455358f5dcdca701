import assert from 'node:assert/strict';
import { join } from 'node:path';
import { accounts, platform } from '@grid/api';
import { askAsOperator, openApp } from '../testing/app.ts';
import { onSqlite } from '../testing/database.ts';
import { askHttp } from '../testing/http.ts';
import { openTestRouter, temporaryFolder } from '../testing/router.ts';

const EMAIL = 'ada@example.com';
const signIn = {
  method: 'POST',
  path: accounts.signIn.path,
  headers: { host: 'localhost', 'content-type': 'application/json' },
  body: JSON.stringify({ email: EMAIL }),
};
const claim = {
  ...signIn,
  path: platform.claim.path,
  body: JSON.stringify({ email: EMAIL, organization: 'Mine' }),
};
const scrape = { method: 'GET', path: '/metrics', headers: { host: 'localhost' } };

onSqlite('the router’s socket lets nobody in, whatever is left out', async (database, t) => {
  const { app } = await openApp(database, t);
  const socketPath = join(temporaryFolder(t), 'control.sock');
  await app.listen({ path: socketPath });
  const statusOf = async (asked: object) => (await askHttp({ socketPath, ...asked })).status;
  assert.equal(await statusOf(signIn), 401);
  assert.equal(await statusOf(claim), 403);
  assert.equal(await statusOf(scrape), 401);
});

onSqlite('nor do so many headers that the last are not read', async (database, t) => {
  const { app } = await openApp(database, t);
  const { controlSocket, port } = await openTestRouter(t, []);
  await app.listen({ path: controlSocket });
  const short = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`x${index}`, '1']));
  for (const way of [{ port }, { socketPath: controlSocket }])
    for (const asked of [signIn, claim, scrape]) {
      const headers = { ...short, ...asked.headers };
      const { status } = await askHttp({ ...way, ...asked, headers });
      assert.ok(status >= 400, `${asked.path}: ${status}`);
    }
});

onSqlite('the operator’s does, whatever is said', async (database, t) => {
  const { app } = await openApp(database, t);
  const headers = { ...signIn.headers, 'x-forwarded-for': '198.51.100.1' };
  const { status, body } = await askAsOperator(t, app, { ...signIn, headers });
  assert.equal(status, 200, body);
  assert.match(body, /"secret":/);
});
