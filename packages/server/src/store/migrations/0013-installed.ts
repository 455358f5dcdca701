import { sql } from 'kysely';
import type { Tx } from '../database.ts';

/**
 * What was installed before a hook added to it: the next builds take it, whatever the artifact itself is started with.
 * Of those that are there nobody knows any more.
 */
export async function up(tx: Tx): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(tx);
}

const statements: readonly string[] = [
  'alter table artifacts add column installed_key text',
  'update artifacts set installed_key = environment_key',
];
