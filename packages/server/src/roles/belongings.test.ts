import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { recordArtifact } from '../builds/record-artifact.ts';
import { newId } from '../lib/ids.ts';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import { deleteBelongings } from '../store/belongings.ts';
import type { Belonging, Parent } from '../store/belongings.ts';
import type { Database } from '../store/database.ts';
import { onEachDatabase, onSqlite } from '../testing/database.ts';
import { makeInstance } from '../testing/instances.ts';
import { lendDevice } from '../testing/leases.ts';
import {
  makeApplication,
  makeDeployment,
  makeMember,
  makeOwner,
  makeRun,
} from '../testing/rows.ts';
import { belongings } from './belongings.ts';

/** Columns that name what a row belongs to; whoever did something does not hold what was done. */
const names: Readonly<Record<string, keyof Parent>> = {
  application_id: 'application',
  dependency_id: 'application',
  owner_id: 'owner',
  organization_id: 'owner',
  user_id: 'user',
};

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** Whether the table's rows stay, or go by this column. */
function isSaid(one: Belonging | undefined, parent: keyof Parent, column: string): boolean {
  if (one === undefined || one.stays !== undefined) return one !== undefined;
  const { [parent]: way } = one;
  const columns = typeof way === 'string' ? [way] : Array.isArray(way) ? way : [];
  return columns.map(snake).includes(column);
}

onSqlite(
  'of whatever names an application, an owner or a user it is said whether it goes',
  async ({ read }) => {
    const said = new Map(belongings.map((one) => [snake(one.table), one]));
    assert.equal(said.size, belongings.length);
    const { rows } = await sql<{ table: string; column: string }>`
    select t.name as "table", c.name as "column"
    from sqlite_schema t, pragma_table_info(t.name) c where t.type = 'table'`.execute(read);
    const unsaid = rows.filter(({ table, column }) => {
      const parent = names[column];
      return parent !== undefined && !isSaid(said.get(table), parent, column);
    });
    assert.deepEqual(unsaid, []);
  },
);

onSqlite('what refers to others goes before them', async ({ read }) => {
  const order = belongings.map(({ table }) => snake(table));
  const { rows } = await sql<{ from: string; to: string }>`
    select t.name as "from", f."table" as "to"
    from sqlite_schema t, pragma_foreign_key_list(t.name) f where t.type = 'table'`.execute(read);
  const between = rows.filter(({ from, to }) => order.includes(from) && order.includes(to));
  assert.ok(between.length > 10, `only ${between.length} references were found`);
  assert.deepEqual(
    between.filter(({ from, to }) => order.indexOf(from) > order.indexOf(to)),
    [],
  );
});

/** An application with a row of its own in every table that has any, which depends on another. */
async function fill(database: Database, ownerId: OwnerId, dependencyId: ApplicationId) {
  const applicationId = await makeApplication(database, { ownerId, variant: 'ml_python_web' });
  const owned = { ownerId, applicationId };
  const deploymentId = await makeDeployment(database, owned);
  await makeRun(database, { ...owned, deploymentId });
  const instanceId = await makeInstance(database, { ...owned, deploymentId });
  await lendDevice(database, instanceId, { uuid: `GPU-${applicationId}`, at: 1, until: 2 });
  const artifact = {
    id: applicationId,
    dependenciesKey: undefined,
    installedKey: undefined,
    start: {} as never,
  };
  const value = { applicationId, name: 'A', value: 'b', updatedAt: 1 };
  await database.transaction(async (tx) => {
    await recordArtifact(tx, { ...artifact, ...owned, commitId: 'c', at: 1 });
    await tx
      .insertInto('environmentValues')
      .values({ ...value, name: 'B' })
      .execute();
    await tx.insertInto('exposedValues').values(value).execute();
    await tx
      .insertInto('dependencies')
      .values({ applicationId, dependencyId, createdAt: 1 })
      .execute();
  });
  return applicationId;
}

/** How many rows there are in each table of the list. */
async function count({ read }: Database): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { table } of belongings)
    counts[table] = (
      await read
        .selectFrom(table as 'users')
        .selectAll()
        .execute()
    ).length;
  return counts;
}

onEachDatabase(
  'with an application goes all that is its own, and nothing of another’s',
  async (database) => {
    const { organizationId: ownerId } = await makeOwner(database);
    const other = await makeApplication(database, { ownerId });
    await fill(database, ownerId, other);
    const before = await count(database);
    const id = await fill(database, ownerId, other);
    const between = await count(database);
    for (const { table, application, stays } of belongings)
      if (application !== undefined && stays === undefined)
        assert.notEqual(between[table], before[table], `nothing is in ${table}`);
    const erase = { parent: 'application', id } as const;
    await database.transaction((tx) => deleteBelongings(tx, belongings, erase));
    const kept = Object.fromEntries(
      belongings.flatMap(({ table, stays }) =>
        stays === undefined ? [] : [[table, between[table]]],
      ),
    );
    assert.deepEqual(await count(database), { ...before, ...kept });
  },
);

onEachDatabase(
  'with an organization and its members goes all but what is on record',
  async (database) => {
    await makeOwner(database);
    const before = await count(database);
    const organizationId = newId('organization');
    await database.transaction((tx) =>
      tx
        .insertInto('organizations')
        .values({ id: organizationId, name: 'B', description: '', createdAt: 1 })
        .execute(),
    );
    const member = await makeMember(database, { organizationId, role: 'ADMIN' });
    await fill(
      database,
      organizationId,
      await makeApplication(database, { ownerId: organizationId }),
    );
    await database.transaction(async (tx) => {
      const setAt = { value: 1, setAt: 1 };
      await tx
        .insertInto('limits')
        .values({ name: 'gpus', subjectId: organizationId, ...setAt })
        .execute();
      await deleteBelongings(tx, belongings, { parent: 'owner', id: organizationId });
      await deleteBelongings(tx, belongings, { parent: 'user', id: member.userId });
    });
    const after = await count(database);
    const { usageIntervals, events } = after;
    assert.deepEqual(after, { ...before, usageIntervals, events });
  },
);
