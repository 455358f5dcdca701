import assert from 'node:assert/strict';
import { openApp } from '../testing/app.ts';
import { onSqlite } from '../testing/database.ts';
import { buildApp } from './build-app.ts';

onSqlite('the authority is given to whoever asks, signed in or not', async (database, t) => {
  const { app } = await openApp(database, t);
  const { statusCode, body } = await app.inject({ url: '/ca.pem' });
  assert.deepEqual([statusCode, body], [200, 'the authority']);
});

onSqlite('where the certificate was brought there is none', async (database, t) => {
  const { context } = await openApp(database, t);
  const app = buildApp({ ...context, authority: undefined });
  t.after(() => app.close());
  const { statusCode, body } = await app.inject({ url: '/ca.pem' });
  assert.equal(statusCode, 404);
  assert.match(body, /not from an authority of its own/);
});
