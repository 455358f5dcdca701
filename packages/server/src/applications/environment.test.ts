import assert from 'node:assert/strict';
import { PLATFORM } from '../events/actor.ts';
import { newId } from '../lib/ids.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeApplication, makeOwner, openKeys } from '../testing/rows.ts';
import { loadEnvironment, replaceVariables } from './environment.ts';

onEachDatabase(
  'of replacements that meet, one holds whole: never a mixture, never an error',
  async (database) => {
    const { organizationId: ownerId } = await makeOwner(database);
    const id = await makeApplication(database, { ownerId });
    const deps = { database, clock: () => 1, keyring: openKeys };
    const names = Array.from({ length: 20 }, (_, index) => `N${index}`);
    const sets = [names, names.toReversed(), ['ONLY_HERE'], ['ONLY_THERE']].map((own, set) =>
      Object.fromEntries(own.map((name) => [name, String(set)])),
    );
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(
        sets.map((values) => replaceVariables(deps, { id, ownerId, by: PLATFORM }, values)),
      );
      const found = await loadEnvironment(database.read, openKeys, id);
      const [value = ''] = Object.values(found);
      const written = sets.find((values) => Object.values(values)[0] === value);
      assert.deepEqual(found, written);
    }
  },
);

onEachDatabase('an application that is gone has no variables to set', async (database) => {
  const deps = { database, clock: () => 1, keyring: openKeys };
  const gone = { id: newId('application'), ownerId: newId('organization'), by: PLATFORM };
  await assert.rejects(replaceVariables(deps, gone, { A: '1' }), {
    code: 'not_found',
  });
});
