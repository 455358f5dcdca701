import assert from 'node:assert/strict';
import { onEachDatabase } from '../testing/database.ts';
import { makeApplication, makeOwner } from '../testing/rows.ts';

onEachDatabase(
  'a row comes back as it was written, whatever the database has of it',
  async (db) => {
    const device = {
      uuid: 'GPU-1',
      host: 'here',
      model: 'H100',
      memoryMiB: 81_559,
      position: 0,
      files: ['/dev/nvidia0', 'a "quoted" one'],
      health: 'well',
      healthSince: 1,
      firstSeenAt: 1,
    } as const;
    const unsaid = { numa: null, parentUuid: null, driver: null, repairedAt: null };
    await db.transaction((tx) => tx.insertInto('devices').values(device).execute());
    assert.deepEqual(await db.read.selectFrom('devices').selectAll().execute(), [
      { ...device, ...unsaid, reason: null, detail: null },
    ]);
  },
);

onEachDatabase('flags and JSON are compared and changed as what they are', async (db) => {
  const { organizationId: ownerId } = await makeOwner(db);
  const id = await makeApplication(db, { ownerId });
  const change = (from: Refs, to: Refs) =>
    db.transaction((tx) =>
      tx
        .updateTable('repositories')
        .set({ seenRefs: to })
        .where('applicationId', '=', id)
        .where('seenRefs', '=', from)
        .returning('seenRefs')
        .execute(),
    );
  assert.deepEqual(await change({ main: 'b' }, {}), []);
  assert.deepEqual(await change({}, { main: 'a' }), [{ seenRefs: { main: 'a' } }]);
  const operators = (operator: boolean) =>
    db.read.selectFrom('users').select('operator').where('operator', 'in', [operator]).execute();
  assert.deepEqual(await operators(true), [{ operator: true }]);
  assert.deepEqual(await operators(false), []);
});

type Refs = Record<string, string>;
