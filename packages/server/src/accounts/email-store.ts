import type { UserId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import type { NewRow, Row } from '../store/schema.ts';

/** Whose address it is, be it their first or another one that is proven. */
export async function findEmailOwner(db: Reader, email: string): Promise<UserId | undefined> {
  const row = await db
    .selectFrom('users')
    .select('id')
    .where('email', '=', email)
    .union(db.selectFrom('secondaryEmails').select('userId as id').where('email', '=', email))
    .executeTakeFirst();
  return row?.id;
}

const select = async (
  db: Reader,
  table: 'secondaryEmails' | 'pendingEmails',
  userId: UserId,
): Promise<string[]> => {
  const rows = await db
    .selectFrom(table)
    .select('email')
    .where('userId', '=', userId)
    .orderBy('email')
    .execute();
  return rows.map(({ email }) => email);
};

export const listSecondaryEmails = (db: Reader, userId: UserId): Promise<string[]> =>
  select(db, 'secondaryEmails', userId);

/** Addresses that the user says are theirs, and nobody has proven. */
export const listPendingEmails = (db: Reader, userId: UserId): Promise<string[]> =>
  select(db, 'pendingEmails', userId);

export type PendingEmail = Row<'pendingEmails'> & { name: string };

/** Everybody's, the oldest first. */
export const listEveryPendingEmail = (db: Reader): Promise<PendingEmail[]> =>
  db
    .selectFrom('pendingEmails as p')
    .innerJoin('users as u', 'u.id', 'p.userId')
    .selectAll('p')
    .select('u.name')
    .orderBy('p.createdAt')
    .orderBy('p.email')
    .limit(1000)
    .execute();

export const insertSecondaryEmail = (tx: Tx, email: NewRow<'secondaryEmails'>) =>
  tx.insertInto('secondaryEmails').values(email).execute();

export const insertPendingEmail = (tx: Tx, email: NewRow<'pendingEmails'>) =>
  tx.insertInto('pendingEmails').values(email).execute();

/** False where the user has no such address in this table. */
export async function deleteEmail(
  tx: Tx,
  table: 'secondaryEmails' | 'pendingEmails',
  { email, userId }: { email: string; userId: UserId },
): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom(table)
    .where('email', '=', email)
    .where('userId', '=', userId)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Those that nobody has proven since. */
export const deletePendingEmails = (
  tx: Tx,
  since: number,
): Promise<{ userId: UserId; email: string }[]> =>
  tx
    .deleteFrom('pendingEmails')
    .where('createdAt', '<', since)
    .returning(['userId', 'email'])
    .execute();
