import { byOperator } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import { parseName } from '../lib/name.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Database } from '../store/database.ts';
import { findPassword, setPasswordHash } from './account-store.ts';
import { issueToken } from './authenticate.ts';
import type { Authenticated, TokenOrder } from './authenticate.ts';
import { holdPassword } from './check-password.ts';
import type { CheckPassword, Checked, Credentials } from './check-password.ts';
import type { TokenPair } from './credentials.ts';
import { endOthersIn } from './manage-credentials.ts';
import type { Ended } from './manage-credentials.ts';
import { requirePassword, hashPassword } from './password.ts';
import { deleteToken } from './token-store.ts';
import type { User } from './user.ts';
import { parseEmail } from './user.ts';
import { recordTokensEnded, recordUserEvent } from './user-event.ts';

export { LONGEST_SESSION } from './lives.ts';

type Deps = { database: Database; clock: Clock; checkPassword: CheckPassword };

/** What is noted of a credential for its owner to know it by. */
type Made = Pick<TokenOrder, 'ip'> & { name?: string | undefined };

/** A token pair for a command line, by password. */
export async function signIn(
  deps: Deps,
  credentials: Credentials,
  { name = 'sign-in', ip }: Made,
): Promise<TokenPair> {
  const checked = await deps.checkPassword(credentials);
  return issueIn(deps, checked, { kind: 'pair', name: parseName('name', name), ip });
}

/** The same for whoever looks after the machine: the operator's socket is theirs alone. */
export async function signInLocally(deps: Deps, email: string, { name }: Made): Promise<TokenPair> {
  const user = await findPassword(deps.database.read, parseEmail(email));
  if (user === undefined) throw new Refusal('not_found', `Nobody has the address ${email} here.`);
  const order = {
    userId: user.id,
    name: parseName('name', name ?? 'operator’s socket'),
    by: byOperator(null),
  };
  return deps.database.transaction((tx) =>
    issueToken(tx, { ...order, kind: 'pair', at: deps.clock() }),
  );
}

/** A token for whoever knows the password, unless there is another one by now. */
const issueIn = (
  { database, clock }: Pick<Deps, 'database' | 'clock'>,
  checked: Checked,
  order: Pick<TokenOrder, 'kind' | 'name' | 'ip'>,
): Promise<TokenPair> =>
  database.transaction(async (tx) => {
    await holdPassword(tx, checked);
    return issueToken(tx, { ...order, userId: checked.id, at: clock() });
  });

/** What a browser's cookie holds from now on, by password. */
export async function openSession(
  deps: Deps,
  credentials: Credentials,
  { ip }: Pick<TokenOrder, 'ip'>,
): Promise<string> {
  const checked = await deps.checkPassword(credentials);
  const { token, secret } = await issueIn(deps, checked, { kind: 'session', name: 'browser', ip });
  return `${token}.${secret}`;
}

/** The browser is signed out; its cookie opens nothing more. */
export const closeSession = (
  { database, clock }: Pick<Deps, 'database' | 'clock'>,
  { user, token }: { user: User; token: { token: string } },
): Promise<void> =>
  database.transaction(async (tx) => {
    const order = { userId: user.id, token: token.token, kinds: ['session'] } as const;
    const ended = await deleteToken(tx, order);
    await recordTokensEnded(tx, ended, { why: 'signed_out', at: clock() });
  });

/**
 * A new password, which ends every other session and token pair: somebody may have had the former one.
 * Refuses where there is one and `current` is not it.
 */
export async function changePassword(
  { database, clock, checkPassword }: Deps,
  asks: Authenticated,
  order: { current?: string | undefined; password: string; client: string },
): Promise<Ended> {
  const { current = '', password, client } = order;
  const { id, email } = asks.user;
  requirePassword(password);
  const known = await findPassword(database.read, email);
  const checked =
    known?.hash === null ? undefined : await checkPassword({ email, password: current, client });
  const hash = await hashPassword(password);
  return database.transaction(async (tx) => {
    if (checked !== undefined) await holdPassword(tx, checked);
    const at = clock();
    await setPasswordHash(tx, id, hash);
    await recordUserEvent(tx, id, { kind: 'user.password_set', at, data: {} });
    return endOthersIn(tx, asks, at);
  });
}

/** Whether the user has one to sign in with. */
export const hasPassword = async ({ database }: Pick<Deps, 'database'>, { email }: User) =>
  ((await findPassword(database.read, email))?.hash ?? null) !== null;
