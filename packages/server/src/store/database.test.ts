import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { onEachDatabase } from '../testing/database.ts';

onEachDatabase('connections that the server ends are opened again', async (database) => {
  if (database.kind === 'sqlite') return;
  const one = () => sql<{ one: number }>`select 1 as one, pg_sleep(0.01)`.execute(database.read);
  await Promise.all([one(), one(), one()]);
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(database.read);
  assert.equal((await one()).rows[0]?.one, 1);
});
