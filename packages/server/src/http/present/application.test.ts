import assert from 'node:assert/strict';
import { listApplications } from '../../applications/application-store.ts';
import { onSqlite } from '../../testing/database.ts';
import { makeApplication, makeOwner, openKeys } from '../../testing/rows.ts';
import { presentApplications } from './application.ts';

onSqlite('the sizes are read once, however many applications are listed', async (database, t) => {
  const { organizationId: ownerId } = await makeOwner(database);
  for (const name of ['one', 'two', 'three']) await makeApplication(database, { ownerId, name });
  const found = await listApplications(database.read, ownerId);
  const { mock } = t.mock.method(database.read, 'selectFrom');
  const addresses = () => ({ url: 'http://grid', sshUrl: 'ssh://grid' });
  const presented = await presentApplications({ database, keyring: openKeys, addresses }, found);
  assert.deepEqual(
    presented.map(({ name, instance }) => [name, instance.minFlavor.name]),
    found.map(({ name }) => [name, 'XS']),
  );
  const asked = mock.calls.filter(({ arguments: [table] }) => (table as unknown) === 'flavors');
  assert.equal(asked.length, 1);
});
