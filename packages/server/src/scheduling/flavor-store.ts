import { sql } from 'kysely';
import { Refusal } from '../lib/refusal.ts';
import type { Reader, Tx } from '../store/database.ts';
import { isPostgres } from '../store/migrations/0001-tables.ts';
import type { NewRow } from '../store/schema.ts';
import { canonicalName } from './flavor.ts';
import type { Flavor, FlavorChange } from './flavor.ts';

/** Those that there are, the smallest first. */
export const listFlavors = (db: Reader): Promise<Flavor[]> =>
  db
    .selectFrom('flavors')
    .selectAll()
    .where('removedAt', 'is', null)
    .orderBy('gpus')
    .orderBy('memoryMiB')
    .orderBy('cpus')
    .orderBy('name')
    .execute();

/** Also by its other name. */
export const findFlavor = (db: Reader, name: string): Promise<Flavor | undefined> =>
  db
    .selectFrom('flavors')
    .selectAll()
    .where('name', '=', canonicalName(name))
    .where('removedAt', 'is', null)
    .executeTakeFirst();

/** The same; refuses a name that is not there. */
export async function requireFlavor(db: Reader, name: string): Promise<Flavor> {
  const flavor = await findFlavor(db, name);
  if (flavor !== undefined) return flavor;
  throw new Refusal(
    'not_found',
    `There is no flavor ${JSON.stringify(name)}: "grid flavor list" shows those that there are.`,
  );
}

/** All that were ever called so, in capitals or not; those that were deleted too. */
export const selectCalled = (db: Reader, names: readonly string[]): Promise<Flavor[]> =>
  db
    .selectFrom('flavors')
    .selectAll()
    .where(
      ({ fn }) => fn<string>('lower', ['name']),
      'in',
      names.map((name) => name.toLowerCase()),
    )
    .execute();

/** The models that sizes name. */
export async function listNamedModels(db: Reader): Promise<string[]> {
  const rows = await db
    .selectFrom('flavors')
    .select('deviceModel')
    .distinct()
    .where('deviceModel', 'is not', null)
    .where('removedAt', 'is', null)
    .execute();
  return rows.flatMap(({ deviceModel }) => deviceModel ?? []);
}

export const insertFlavor = (tx: Tx, flavor: NewRow<'flavors', 'removedAt'>) =>
  tx.insertInto('flavors').values(flavor).execute();

export const updateFlavorRow = (
  tx: Tx,
  name: string,
  change: FlavorChange & Pick<Flavor, 'origin' | 'changedAt'> & { removedAt?: null },
) => tx.updateTable('flavors').set(change).where('name', '=', name).execute();

/** The row stays: what was deleted is not offered again by itself. */
export const setFlavorRemoved = (tx: Tx, name: string, at: number) =>
  tx.updateTable('flavors').set({ removedAt: at }).where('name', '=', name).execute();

const LOCK = `hashtextextended('flavors', 0)`;

/** Until the transaction's end nobody deletes one. On SQLite, whose writers come one after the other, nobody could. */
export async function holdFlavors(tx: Tx): Promise<void> {
  if (isPostgres(tx)) await sql`select pg_advisory_xact_lock_shared(${sql.raw(LOCK)})`.execute(tx);
}

/** Whoever changes them waits for those who use them, and sees who does. */
export async function lockFlavors(tx: Tx): Promise<void> {
  if (isPostgres(tx)) await sql`select pg_advisory_xact_lock(${sql.raw(LOCK)})`.execute(tx);
}
