import { sql } from 'kysely';
import type { Tx } from '../database.ts';

/** What an operator lets an application ask of the kernel. */
export async function up(tx: Tx): Promise<void> {
  await sql
    .raw(`alter table applications add column sandbox text not null default 'strict'`)
    .execute(tx);
}
