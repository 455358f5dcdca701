import assert from 'node:assert/strict';
import { PLATFORM } from '../events/actor.ts';
import type { OwnerId } from '../lib/ids.ts';
import { newId } from '../lib/ids.ts';
import { createOrganizationIn } from '../organizations/create-organization.ts';
import type { Database } from '../store/database.ts';
import { onEachDatabase, onSqlite } from '../testing/database.ts';
import { makeApplication, makeOwner } from '../testing/rows.ts';
import { addDomain, removeDomain, setFavouriteDomain } from './change-domains.ts';
import type { DomainDeps } from './change-domains.ts';
import { formatDomain } from './domain.ts';
import { insertDomain, listDomains, listReservedNames } from './domain-store.ts';
import { releaseName, reserveName } from './reserve-name.ts';

/** Two owners with an application each; whoever has records in `txt` proves names. */
async function open(database: Database, changes: Partial<DomainDeps> = {}) {
  const txt: Record<string, string> = {};
  const asked: string[] = [];
  const deps: DomainDeps = {
    database,
    clock: () => 1,
    platformHosts: ['grid.localhost'],
    domains: 'open',
    async readTxt(names) {
      asked.push(...names);
      return names.flatMap((name) => txt[name] ?? []);
    },
    ...changes,
  };
  const { organizationId: ownerId, userId } = await makeOwner(database);
  const stranger = newId('organization') as OwnerId;
  const application = async (owner: OwnerId) => ({
    id: await makeApplication(database, { ownerId: owner }),
    ownerId: owner,
    operator: false,
    by: PLATFORM,
  });
  const first = await application(ownerId);
  return { deps, txt, asked, userId, first, second: await application(stranger) };
}

onEachDatabase(
  'a host that somebody has is refused to others, its paths and what is near it too, until it is given back',
  async (database) => {
    const { deps, first, second } = await open(database);
    await addDomain(deps, first, 'example.com');
    await addDomain(deps, first, 'Example.com.');
    await addDomain(deps, { ...first, operator: true }, '*.example.org');

    for (const text of [
      'example.com',
      'example.com/admin',
      'a.example.com',
      'www.example.org',
      'example.org',
      '*.example.org/x',
    ])
      await assert.rejects(addDomain(deps, second, text), { code: 'conflict' }, text);
    await removeDomain(deps, first, 'example.com');
    await addDomain(deps, second, 'a.example.com/admin');
    for (const text of ['a.example.com', 'example.com', 'b.a.example.com'])
      await assert.rejects(addDomain(deps, first, text), { code: 'conflict' }, text);
  },
);

onEachDatabase('only a domain of the application can be its favourite', async (database) => {
  const { deps, first } = await open(database);
  await addDomain(deps, first, 'example.com');
  await assert.rejects(setFavouriteDomain(deps, first, 'example.org'), { code: 'not_found' });
  await setFavouriteDomain(deps, first, 'example.com');
  const favourites = (await listDomains(database.read, first.id)).filter(
    ({ favourite }) => favourite,
  );
  assert.deepEqual(favourites.map(formatDomain), ['example.com']);
});

onEachDatabase(
  'where several organizations are, a name is for who proves it by a record, which the answer spells out',
  async (database) => {
    const { deps, txt, asked, userId, first } = await open(database, { domains: 'auto' });
    await addDomain(deps, first, 'before.example.com');
    assert.deepEqual(asked, [], 'one organization needs no proof');
    await database.transaction((tx) =>
      createOrganizationIn(tx, { name: 'Other', adminId: userId, at: 1 }),
    );
    const unproven = addDomain(deps, first, 'api.example.org');
    await assert.rejects(unproven, {
      code: 'conflict',
      message: new RegExp(`TXT record _clever-grid\\.api\\.example\\.org to "clever-grid=orga_`),
    });
    txt['_clever-grid.example.org'] = 'clever-grid=orga_somebody-else';
    await assert.rejects(addDomain(deps, first, 'api.example.org'), { code: 'conflict' });
    txt['_clever-grid.example.org'] = `clever-grid=${first.ownerId}`;
    await addDomain(deps, first, 'api.example.org');
    await addDomain(deps, first, '*.apps.example.org');
    await addDomain(deps, { ...first, operator: true }, 'example.net');
  },
);

onEachDatabase('the operator gives names, and keeps them from everybody', async (database) => {
  const { deps, first, second } = await open(database, { domains: 'proven' });
  const add = (text: string, by = second) => addDomain(deps, by, text);
  await assert.rejects(add('shop.grid.localhost'), { message: /only the operator/ });
  await reserveName(deps, { name: 'Shop.grid.localhost', ownerId: second.ownerId, by: PLATFORM });
  await add('shop.grid.localhost');
  await assert.rejects(add('shop.grid.localhost', first), { code: 'conflict' });
  await reserveName(deps, { name: 'example.com', ownerId: null, by: PLATFORM });
  await assert.rejects(add('www.example.com', { ...first, operator: true }), { code: 'conflict' });
  const names = await listReservedNames(database.read);
  assert.deepEqual(
    names.map(({ host, ownerId }) => [host, ownerId]),
    [
      ['example.com', null],
      ['shop.grid.localhost', second.ownerId],
    ],
  );
  await releaseName(deps, { name: 'example.com', by: PLATFORM });
  await assert.rejects(releaseName(deps, { name: 'example.com', by: PLATFORM }), {
    code: 'not_found',
  });
  for (const name of ['*.example.com', 'example.com/x', 'co.uk'])
    assert.throws(
      () => reserveName(deps, { name, ownerId: null, by: PLATFORM }),
      { code: 'invalid' },
      name,
    );
});

onSqlite('an application has a hundred domains at most', async (database) => {
  const { deps, first } = await open(database);
  for (let number = 1; number <= 100; number += 1)
    await addDomain(deps, first, `n${number}.example.com`);
  await assert.rejects(addDomain(deps, first, 'n101.example.com'), { message: /"domains" is 100/ });
  await addDomain(deps, first, 'n1.example.com');
});

onSqlite('what would be refused today can still be removed', async (database) => {
  const { deps, first } = await open(database);
  const old = { applicationId: first.id, host: 'co.uk', pathPrefix: '/../x', createdAt: 1 };
  await database.transaction((tx) => insertDomain(tx, old));
  await removeDomain(deps, first, 'co.uk/../x');
  assert.equal((await listDomains(database.read, first.id)).length, 0);
});

onEachDatabase('of two who ask at once for names near each other one has it', async (database) => {
  const { deps, first, second } = await open(database);
  for (let number = 0; number < 20; number += 1) {
    const answers = await Promise.allSettled([
      addDomain(deps, first, `n${number}.example`),
      addDomain(deps, second, `a.n${number}.example`),
    ]);
    const granted = answers.filter(({ status }) => status === 'fulfilled');
    assert.equal(granted.length, 1);
  }
});
