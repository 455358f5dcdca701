import assert from 'node:assert/strict';
import type { OwnerId } from '../lib/ids.ts';
import { newId } from '../lib/ids.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeApplication, makeOwner } from '../testing/rows.ts';
import { addDomain, listDomains, removeDomain, setFavouriteDomain } from './change-domains.ts';
import { formatDomain } from './domain.ts';

onEachDatabase(
  'a host that somebody has is refused to others, its paths too, until it is given back',
  async (database) => {
    const deps = { database, clock: () => 1, platformHosts: ['grid.localhost'] };
    const { organizationId: ownerId } = await makeOwner(database);
    const stranger = newId('organization') as OwnerId;
    const first = { id: await makeApplication(database, { ownerId }), ownerId };
    const second = {
      id: await makeApplication(database, { ownerId: stranger, name: 'theirs' }),
      ownerId: stranger,
    };
    await addDomain(deps, first, 'example.com');
    await addDomain(deps, first, 'example.com');
    await addDomain(deps, first, '*.example.org');

    for (const text of ['example.com', 'example.com/admin', 'www.example.org', '*.example.org/x'])
      await assert.rejects(addDomain(deps, second, text), { code: 'conflict' }, text);
    await removeDomain(deps, first.id, 'example.com');
    await addDomain(deps, second, 'example.com/admin');
    await assert.rejects(addDomain(deps, first, 'example.com'), { code: 'conflict' });
  },
);

onEachDatabase('only a domain of the application can be its favourite', async (database) => {
  const deps = { database, clock: () => 1, platformHosts: [] };
  const { organizationId: ownerId } = await makeOwner(database);
  const id = await makeApplication(database, { ownerId });
  await addDomain(deps, { id, ownerId }, 'example.com');
  await assert.rejects(setFavouriteDomain(deps, id, 'example.org'), { code: 'not_found' });
  await setFavouriteDomain(deps, id, 'example.com');
  const favourites = (await listDomains(database.read, id)).filter(({ favourite }) => favourite);
  assert.deepEqual(favourites.map(formatDomain), ['example.com']);
});
