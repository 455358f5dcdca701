import type { Clock } from '../lib/clock.ts';
import { MINUTE } from '../lib/duration.ts';
import type { UserId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Database } from '../store/database.ts';
import { findPassword } from './account-store.ts';
import { verifyPassword } from './password.ts';
import { parseEmail } from './user.ts';

export type Credentials = { email: string; password: string };

/** Whose e-mail address and password these are. Refuses wrong ones, and too many tries. */
export type CheckPassword = (credentials: Credentials) => Promise<UserId>;

const TRIES = 10;
const WITHIN = 15 * MINUTE;

/** Takes the time of a real check where there is nobody, so that addresses cannot be tried out. */
const NOBODY = `scrypt$32768$8$3$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** Ten tries per address in a quarter of an hour. */
export function createPasswordCheck({
  database,
  clock,
}: {
  database: Database;
  clock: Clock;
}): CheckPassword {
  const tries = new Map<string, number[]>();
  return async (credentials) => {
    const email = parseEmail(credentials.email);
    const recent = (tries.get(email) ?? []).filter((at) => at > clock() - WITHIN);
    if (recent.length >= TRIES)
      throw new Refusal('too_many', 'Too many tries for this address: wait a quarter of an hour.');
    tries.set(email, [...recent, clock()]);
    if (tries.size > 10_000) tries.clear();
    const user = await findPassword(database.read, email);
    const right = await verifyPassword(credentials.password, user?.hash ?? NOBODY);
    if (!right || user === undefined || user.hash === null)
      throw new Refusal('unauthenticated', 'The e-mail address or the password is wrong.');
    tries.delete(email);
    return user.id;
  };
}
