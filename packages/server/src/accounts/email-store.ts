import type { Kysely } from 'kysely';
import type { UserId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';

/** Whose address it is, be it their first or another one. */
export async function findEmailOwner(
  db: Kysely<Schema>,
  email: string,
): Promise<UserId | undefined> {
  const row = await db
    .selectFrom('users')
    .select('id')
    .where('email', '=', email)
    .union(db.selectFrom('secondary_emails').select('user_id as id').where('email', '=', email))
    .executeTakeFirst();
  return row?.id;
}

export const selectSecondaryEmails = async (
  db: Kysely<Schema>,
  userId: UserId,
): Promise<string[]> => {
  const rows = await db
    .selectFrom('secondary_emails')
    .select('email')
    .where('user_id', '=', userId)
    .orderBy('email')
    .execute();
  return rows.map(({ email }) => email);
};

export const insertSecondaryEmail = (
  tx: Tx,
  { email, userId, at }: { email: string; userId: UserId; at: number },
) => tx.insertInto('secondary_emails').values({ email, user_id: userId, created_at: at }).execute();

/** False where the user has no such second address. */
export async function deleteSecondaryEmail(
  tx: Tx,
  { email, userId }: { email: string; userId: UserId },
): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('secondary_emails')
    .where('email', '=', email)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
