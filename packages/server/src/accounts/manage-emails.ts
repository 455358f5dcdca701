import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import { demandRoom } from '../limits/demand-room.ts';
import type { Database } from '../store/database.ts';
import { setEmail } from './account-store.ts';
import {
  deleteSecondaryEmail,
  findEmailOwner,
  insertSecondaryEmail,
  selectSecondaryEmails,
} from './email-store.ts';
import { parseEmail } from './user.ts';
import type { User } from './user.ts';

export { selectSecondaryEmails as listSecondaryEmails } from './email-store.ts';

type Deps = { database: Database; clock: Clock };

/** Adds an address beside the first. Refuses one that any account has. */
export const addEmail = ({ database, clock }: Deps, user: User, text: string): Promise<void> => {
  const email = parseEmail(text);
  return database.transaction(async (tx) => {
    const owner = await findEmailOwner(tx, email);
    if (owner === user.id)
      throw new Refusal('own_email', `${email} is one of your addresses already.`);
    if (owner !== undefined)
      throw new Refusal('taken_email', `${email} belongs to another account.`);
    const count = async () => (await selectSecondaryEmails(tx, user.id)).length;
    await demandRoom(tx, 'emails', { of: user.id, count });
    await insertSecondaryEmail(tx, { email, userId: user.id, at: clock() });
  });
};

/** The address becomes the one to sign in with; the former first one stays as another. */
export const makePrimary = ({ database, clock }: Deps, user: User, text: string): Promise<void> => {
  const email = parseEmail(text);
  return database.transaction(async (tx) => {
    if (email === user.email) return;
    if (!(await deleteSecondaryEmail(tx, { email, userId: user.id }))) throw notYours(email);
    await setEmail(tx, user.id, email);
    await insertSecondaryEmail(tx, { email: user.email, userId: user.id, at: clock() });
  });
};

/** Refuses the first address, which the account is known by. */
export const removeEmail = ({ database }: Deps, user: User, text: string): Promise<void> => {
  const email = parseEmail(text);
  return database.transaction(async (tx) => {
    if (email === user.email)
      throw new Refusal('conflict', 'Make another address the first one before you remove it.');
    if (!(await deleteSecondaryEmail(tx, { email, userId: user.id }))) throw notYours(email);
  });
};

const notYours = (email: string): Refusal =>
  new Refusal('not_found', `${email} is not one of your addresses: add it first.`);
