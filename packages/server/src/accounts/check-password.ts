import type { Clock } from '../lib/clock.ts';
import { MINUTE } from '../lib/duration.ts';
import type { UserId } from '../lib/ids.ts';
import { networkOf } from '../lib/network-of.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Database, Tx } from '../store/database.ts';
import { findPassword, isPasswordHash } from './account-store.ts';
import { createTries } from './limit-tries.ts';
import { verifyPassword } from './password.ts';
import { parseEmail } from './user.ts';

export type Credentials = {
  email: string;
  password: string;
  /** Who tries, by address or network; `local` on the platform's own socket. */
  client: string;
};

/** Somebody’s password as it was when it was checked. */
export type Checked = { id: UserId; hash: string };

/** Whose e-mail address and password these are. Refuses wrong ones, and too many tries. */
export type CheckPassword = (credentials: Credentials) => Promise<Checked>;

/** Never by the account alone: whoever knows an address could lock its owner out. */
const WITHIN = 15 * MINUTE;
const LIMITS = { atAccount: 10, ofClient: 100, atOnce: 4 };

/** Takes the time of a real check where there is nobody, so that addresses cannot be tried out. */
const NOBODY = `scrypt$32768$8$3$${'A'.repeat(22)}$${'A'.repeat(43)}`;

type Deps = { database: Database; clock: Clock };

/** Wrong tries in a quarter of an hour: ten of a client at an account, a hundred of a client at all. */
export function createPasswordCheck({ database, clock }: Deps, most = LIMITS): CheckPassword {
  const limits = createLimits(clock, most);
  return (credentials) => {
    const email = parseEmail(credentials.email);
    return limits({ client: networkOf(credentials.client), email }, async () => {
      const user = await findPassword(database.read, email);
      const right = await verifyPassword(credentials.password, user?.hash ?? NOBODY);
      if (!right || user === undefined || user.hash === null) return undefined;
      return { id: user.id, hash: user.hash };
    });
  };
}

type Try = { client: string; email: string };

/** Runs a check within the limits; it resolves to undefined where the password is wrong. */
function createLimits(clock: Clock, most: typeof LIMITS) {
  const ofClient = createTries(clock, { most: most.ofClient, within: WITHIN });
  const atAccount = createTries(clock, { most: most.atAccount, within: WITHIN });
  const underWay = new Map<string, number>();
  const count = (client: string, change: 1 | -1): void => {
    const now = (underWay.get(client) ?? 0) + change;
    if (now === 0) underWay.delete(client);
    else underWay.set(client, now);
  };
  return async <T>({ client, email }: Try, check: () => Promise<T | undefined>): Promise<T> => {
    const both = `${client} ${email}`;
    if ((underWay.get(client) ?? 0) >= most.atOnce) throw tooMany('at once: try again in a moment');
    if (!atAccount.begin(both)) throw tooMany('at this account: wait a quarter of an hour');
    if (!ofClient.begin(client)) throw tooMany('from your address: wait a quarter of an hour');
    count(client, 1);
    const found = await check()
      .catch((error: unknown) => {
        ofClient.takeBack(client);
        atAccount.takeBack(both);
        throw error;
      })
      .finally(() => count(client, -1));
    if (found === undefined) throw wrongPassword();
    ofClient.takeBack(client);
    atAccount.forget(both);
    return found;
  };
}

const wrongPassword = (): Refusal =>
  new Refusal('unauthenticated', 'The e-mail address or the password is wrong.');

/** Refuses what was checked where there is another password by now, until the transaction is over. */
export async function holdPassword(tx: Tx, checked: Checked): Promise<void> {
  if (!(await isPasswordHash(tx, checked))) throw wrongPassword();
}

const tooMany = (which: string): Refusal => new Refusal('too_many', `Too many tries ${which}.`);
