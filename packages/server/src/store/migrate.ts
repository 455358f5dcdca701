import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Database, Tx } from './database.ts';
import { up as tables } from './migrations/0001-tables.ts';
import { up as cleverApi } from './migrations/0002-clever-api.ts';
import { up as eventTransactions } from './migrations/0003-event-transactions.ts';
import { up as engines } from './migrations/0004-engines.ts';
import { up as devicesAndQueue } from './migrations/0005-devices-and-queue.ts';
import { up as metrics } from './migrations/0006-metrics.ts';
import { up as accountsAndNames } from './migrations/0007-accounts-and-names.ts';
import { up as limits } from './migrations/0008-limits.ts';
import { up as sandboxes } from './migrations/0009-sandboxes.ts';
import { up as subjects } from './migrations/0010-subjects.ts';
import { up as eventsAndStates } from './migrations/0011-events-and-states.ts';
import { up as sizes } from './migrations/0012-sizes.ts';
import { up as installed } from './migrations/0013-installed.ts';

type Migration = { number: number; name: string; up(tx: Tx): Promise<void> };

/** In order; never changed once they have landed. */
const migrations: readonly Migration[] = [
  { number: 1, name: 'tables', up: tables },
  { number: 2, name: 'clever-api', up: cleverApi },
  { number: 3, name: 'event-transactions', up: eventTransactions },
  { number: 4, name: 'engines', up: engines },
  { number: 5, name: 'devices-and-queue', up: devicesAndQueue },
  { number: 6, name: 'metrics', up: metrics },
  { number: 7, name: 'accounts-and-names', up: accountsAndNames },
  { number: 8, name: 'limits', up: limits },
  { number: 9, name: 'sandboxes', up: sandboxes },
  { number: 10, name: 'subjects', up: subjects },
  { number: 11, name: 'events-and-states', up: eventsAndStates },
  { number: 12, name: 'sizes', up: sizes },
  { number: 13, name: 'installed', up: installed },
];

/** The database was made by a newer program: this one would harm it. */
class NewerDatabase extends Error {
  override readonly name = 'NewerDatabase';
}

type WithMigrations = { migrations: { number: number; name: string; applied_at: number } };

const ofMigrations = (tx: Tx) => tx.withoutPlugins() as unknown as Kysely<WithMigrations>;

/**
 * Brings the tables to what this program expects, one transaction per migration. A SQLite file that
 * holds something is copied to `<file>.before-<number>` first.
 */
export async function migrate(
  database: Database,
  { now, file }: { now: number; file?: string },
): Promise<void> {
  const applied = await database.transaction(async (tx) => {
    await tx.schema
      .createTable('migrations')
      .ifNotExists()
      .addColumn('number', 'integer', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('applied_at', 'bigint', (column) => column.notNull())
      .execute();
    return ofMigrations(tx).selectFrom('migrations').select('number').execute();
  });
  const newest = Math.max(0, ...applied.map(({ number }) => number));
  const known = migrations.at(-1)?.number ?? 0;
  if (newest > known)
    throw new NewerDatabase(
      `The database was made by a newer version (schema ${newest}, this program knows ${known}): install that version, or restore a back-up.`,
    );
  const missing = migrations.filter(({ number }) => number > newest);
  if (newest > 0 && missing.length > 0) await backUp(database, file, newest);
  for (const migration of missing) await apply(database, migration, now);
}

async function backUp(
  database: Database,
  file: string | undefined,
  version: number,
): Promise<void> {
  if (database.kind !== 'sqlite' || file === undefined || !existsSync(file)) return;
  await sql`pragma wal_checkpoint(truncate)`.execute(database.read);
  await copyFile(file, `${file}.before-${version + 1}`);
}

const apply = (database: Database, { number, name, up }: Migration, now: number) =>
  database.transaction(async (tx) => {
    await up(tx.withoutPlugins());
    await ofMigrations(tx)
      .insertInto('migrations')
      .values({ number, name, applied_at: now })
      .execute();
  });
