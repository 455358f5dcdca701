import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { onEachDatabase } from '../../testing/database.ts';
import { up } from './0013-installed.ts';

onEachDatabase('what was installed before is taken from then on', async (database) => {
  await database.transaction(async (tx) => {
    for (const statement of [
      'create table former (id text primary key, environment_key text)',
      `insert into former values ('without', null), ('with', 'key.afresh')`,
      'alter table artifacts rename to later_artifacts',
      'alter table former rename to artifacts',
    ])
      await sql.raw(statement).execute(tx);
    await up(tx);
  });
  const rows = database.read.selectFrom('artifacts').select(['id', 'installedKey']).orderBy('id');
  assert.deepEqual(
    (await rows.execute()).map((one) => [one.id, one.installedKey]),
    [
      ['with', 'key.afresh'],
      ['without', null],
    ],
  );
});
