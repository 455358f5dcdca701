import assert from 'node:assert/strict';
import { openApp } from '../../testing/app.ts';
import { onSqlite } from '../../testing/database.ts';
import { describeApi } from '../openapi/describe-api.ts';

onSqlite('programs and people read of the API without credentials', async (database, t) => {
  const { ask } = await openApp(database, t);
  const headers = { authorization: '' };
  const document = await ask('GET', '/openapi.json', { headers });
  assert.equal(document.status, 200);
  assert.match(String(document.headers['content-type']), /^application\/json/);
  assert.deepEqual(document.json, JSON.parse(JSON.stringify(describeApi('test'))));

  const { status, text } = await ask('GET', '/docs/api', { headers });
  assert.equal(status, 200);
  assert.doesNotMatch(text, /<script|\son\w+=|https?:\/\//);
  for (const item of Object.values(describeApi('test').paths))
    for (const { operationId } of Object.values(item))
      assert.ok(text.includes(`id="${operationId}"`), operationId);
  const ids = [...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const [, target] of text.matchAll(/href="#([^"]+)"/g))
    assert.ok(ids.includes(target), `nothing has the id ${target}`);
});
