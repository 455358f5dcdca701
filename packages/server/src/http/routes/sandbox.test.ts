import assert from 'node:assert/strict';
import { findDeploying } from '../../applications/application-store.ts';
import { newId } from '../../lib/ids.ts';
import { openApp } from '../../testing/app.ts';
import { onEachDatabase } from '../../testing/database.ts';
import { makeApplication } from '../../testing/rows.ts';

onEachDatabase(
  'an application is held to the strict sandbox until the operator says otherwise',
  async (database, t) => {
    const { ask, claimed } = await openApp(database, t);
    const { organizationId: ownerId } = claimed;
    const id = await makeApplication(database, { ownerId, name: 'builder' });
    const path = `/grid/v1/applications/${id}/sandbox`;
    const seen = async () => (await findDeploying(database.read, id))?.sandbox;
    assert.equal(await seen(), 'strict');
    assert.equal((await ask('PUT', path, { body: { sandbox: 'nested' } })).status, 204);
    assert.equal(await seen(), 'nested');
    assert.equal((await ask('PUT', path, { body: { sandbox: 'none' } })).status, 400);
    assert.equal((await ask('PUT', path, { body: { sandbox: 'strict' } })).status, 204);
    assert.equal(await seen(), 'strict');
    for (const unknown of [newId('application'), 'x'])
      assert.equal(
        (await ask('PUT', path.replace(id, unknown), { body: { sandbox: 'nested' } })).status,
        404,
      );
  },
);
