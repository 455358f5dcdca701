import type { Clock } from '../lib/clock.ts';
import { HOUR } from '../lib/duration.ts';
import type { UserId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Database } from '../store/database.ts';
import { findPassword, setPasswordHash } from './account-store.ts';
import { TOKEN_LIVES, issueToken } from './authenticate.ts';
import type { CheckPassword, Credentials } from './check-password.ts';
import type { TokenPair } from './credentials.ts';
import { hashPassword } from './password.ts';
import { deleteToken } from './token-store.ts';
import type { User } from './user.ts';
import { parseEmail } from './user.ts';

type Deps = { database: Database; clock: Clock; checkPassword: CheckPassword };

/** A token pair for a command line, by password. */
export async function signIn(deps: Deps, credentials: Credentials): Promise<TokenPair> {
  return issuePair(deps, await deps.checkPassword(credentials), 'sign-in');
}

/** The same for whoever looks after the machine: the operator's socket is theirs alone. */
export async function signInLocally(deps: Deps, email: string): Promise<TokenPair> {
  const user = await findPassword(deps.database.read, parseEmail(email));
  if (user === undefined) throw new Refusal('not_found', `Nobody has the address ${email} here.`);
  return issuePair(deps, user.id, 'operator’s socket');
}

const issuePair = (
  { database, clock }: Pick<Deps, 'database' | 'clock'>,
  userId: UserId,
  name: string,
): Promise<TokenPair> =>
  database.transaction((tx) => {
    const at = clock();
    return issueToken(tx, { userId, name, kind: 'pair', at, expiresAt: at + TOKEN_LIVES });
  });

/** How long a browser stays signed in. */
export const SESSION_LIVES = 12 * HOUR;

/** What a browser's cookie holds from now on, by password. */
export async function openSession(
  { database, clock, checkPassword }: Deps,
  credentials: Credentials,
): Promise<string> {
  const userId = await checkPassword(credentials);
  const { token, secret } = await database.transaction((tx) => {
    const at = clock();
    const lives = { at, expiresAt: at + SESSION_LIVES };
    return issueToken(tx, { userId, name: 'browser', kind: 'session', ...lives });
  });
  return `${token}.${secret}`;
}

/** The browser is signed out; its cookie opens nothing more. */
export const closeSession = (
  { database }: Pick<Deps, 'database'>,
  { user, token }: { user: User; token: { token: string } },
): Promise<unknown> =>
  database.transaction((tx) =>
    deleteToken(tx, { userId: user.id, token: token.token, kind: 'session' }),
  );

/** A new password. Refuses where there is one and `current` is not it. */
export async function changePassword(
  { database, checkPassword }: Pick<Deps, 'database' | 'checkPassword'>,
  { id, email }: User,
  { current, password }: { current?: string | undefined; password: string },
): Promise<void> {
  const hash = await hashPassword(password);
  const known = await findPassword(database.read, email);
  if (known?.hash !== null) await checkPassword({ email, password: current ?? '' });
  await database.transaction((tx) => setPasswordHash(tx, id, hash));
}

/** Whether the user has one to sign in with. */
export const hasPassword = async ({ database }: Pick<Deps, 'database'>, { email }: User) =>
  ((await findPassword(database.read, email))?.hash ?? null) !== null;
