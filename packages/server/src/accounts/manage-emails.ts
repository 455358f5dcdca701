import type { Actor } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import type { UserId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { requireRoom } from '../limits/require-room.ts';
import type { Database, Reader, Tx } from '../store/database.ts';
import type { NewRow } from '../store/schema.ts';
import { setEmail } from './account-store.ts';
import {
  deleteEmail,
  findEmailOwner,
  insertPendingEmail,
  insertSecondaryEmail,
  listPendingEmails,
  listSecondaryEmails,
} from './email-store.ts';
import { parseEmail } from './user.ts';
import type { User } from './user.ts';
import { recordUserEvent } from './user-event.ts';

type Deps = { database: Database; clock: Clock };

/** The addresses beside the first, proven or not. */
export const listAdded = async (db: Reader, userId: UserId): Promise<string[]> => [
  ...(await listSecondaryEmails(db, userId)),
  ...(await listPendingEmails(db, userId)),
];

/**
 * Adds an address beside the first. It counts once it is proven: an operator's word proves it, and until then it
 * is nobody's. Whether another account has it is not told.
 */
export const addEmail = ({ database, clock }: Deps, user: User, text: string): Promise<void> => {
  const email = parseEmail(text);
  return database.transaction(async (tx) => {
    const count = async () => (await listAdded(tx, user.id)).filter((one) => one !== email).length;
    // first, since it lets one of the user's at a time go on
    await requireRoom(tx, 'emails', { of: user.id, count });
    if ((await findEmailOwner(tx, email)) === user.id)
      throw new Refusal('own_email', `${email} is one of your addresses already.`);
    const order = { email, userId: user.id, createdAt: clock() };
    const isPending = (await listPendingEmails(tx, user.id)).includes(email);
    if (isPending && !user.operator) return;
    await (user.operator ? proveIn(tx, order) : insertPendingEmail(tx, order));
    const kind = user.operator ? 'user.email_confirmed' : 'user.email_added';
    await recordUserEvent(tx, user.id, { kind, at: order.createdAt, data: { email } });
  });
};

/** The operator's word that an address is the user's. Refuses one that they have not added, or that is another's. */
export const confirmEmail = (
  { database, clock }: Deps,
  { userId, email: text, by }: { userId: UserId; email: string; by: Actor },
): Promise<void> => {
  const email = parseEmail(text);
  return database.transaction(async (tx) => {
    if (!(await deleteEmail(tx, 'pendingEmails', { email, userId })))
      throw new Refusal('not_found', `${userId} has not added ${email}.`);
    const at = clock();
    await proveIn(tx, { email, userId, createdAt: at });
    await recordUserEvent(tx, userId, { kind: 'user.email_confirmed', by, at, data: { email } });
  });
};

async function proveIn(tx: Tx, order: NewRow<'secondaryEmails'>): Promise<void> {
  if ((await findEmailOwner(tx, order.email)) !== undefined)
    throw new Refusal('taken_email', `${order.email} belongs to another account.`);
  await insertSecondaryEmail(tx, order);
}

/** The address becomes the one to sign in with; the former first one stays as another. */
export const makePrimary = ({ database, clock }: Deps, user: User, text: string): Promise<void> => {
  const email = parseEmail(text);
  return database.transaction(async (tx) => {
    if (email === user.email) return;
    if (!(await deleteEmail(tx, 'secondaryEmails', { email, userId: user.id })))
      throw notYours(email);
    await setEmail(tx, user.id, email);
    const at = clock();
    await insertSecondaryEmail(tx, { email: user.email, userId: user.id, createdAt: at });
    const data = { email };
    await recordUserEvent(tx, user.id, { kind: 'user.email_made_primary', at, data });
  });
};

/** Refuses the first address, which the account is known by. */
export const removeEmail = ({ database, clock }: Deps, user: User, text: string): Promise<void> => {
  const email = parseEmail(text);
  return database.transaction(async (tx) => {
    if (email === user.email)
      throw new Refusal('conflict', 'Make another address the first one before you remove it.');
    const order = { email, userId: user.id };
    const wasPending = await deleteEmail(tx, 'pendingEmails', order);
    if (!(await deleteEmail(tx, 'secondaryEmails', order)) && !wasPending) throw notYours(email);
    const at = clock();
    await recordUserEvent(tx, user.id, { kind: 'user.email_removed', at, data: { email } });
  });
};

const notYours = (email: string): Refusal =>
  new Refusal(
    'not_found',
    `${email} is not one of your addresses: add it, and let the operator of the platform confirm it.`,
  );
