import type { Clock } from '../lib/clock.ts';
import { MINUTE } from '../lib/duration.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Database } from '../store/database.ts';
import { issueToken } from './authenticate.ts';
import type { Authenticated } from './authenticate.ts';
import { LONGEST_LIFE } from './lives.ts';
import { hashSecret } from './credentials.ts';
import type { TokenPair } from './credentials.ts';
import { findCliLogin, holdToken, insertCliLogin, setCliLoginRead } from './token-store.ts';
import { recordUserEvent } from './user-event.ts';

/**
 * `clever login`: the command line makes a random word, opens a page that names it, and asks for its
 * token pair until somebody has said yes there. Only the word's hash is kept, and no secret at all:
 * the pair is made when it is asked for, once.
 */
const LIVES = 2 * MINUTE;

type Deps = { database: Database; clock: Clock };

/** What a command line calls itself: URL-safe, of at least 120 random bits. */
export const isCliWord = (word: string): boolean => /^[\w-]{20,128}$/.test(word);

/** The user lets the command line that knows the word act for them. Refuses a word that was used. */
export const allowCliLogin = (
  { database, clock }: Deps,
  { user, token }: Authenticated,
  word: string,
): Promise<void> =>
  database.transaction(async (tx) => {
    if (!(await holdToken(tx, token.token)))
      throw new Refusal('unauthenticated', 'You have been signed out meanwhile: sign in again.');
    const hash = hashSecret(word);
    if ((await findCliLogin(tx, hash)) !== undefined)
      throw new Refusal('conflict', 'This login was answered before: run the command again.');
    const at = clock();
    const login = { hash, userId: user.id, createdAt: at, expiresAt: at + LIVES };
    await insertCliLogin(tx, login);
    await recordUserEvent(tx, user.id, { kind: 'user.login_allowed', at, data: {} });
  });

/**
 * The pair of whoever said yes, with the last moment that it can be good for, or undefined while nobody has.
 * Works once, for a short time.
 */
export async function takeCliLogin(
  { database, clock }: Deps,
  { word, ip }: { word: string; ip: string | undefined },
): Promise<(TokenPair & { expiresAt: number }) | undefined> {
  const hash = hashSecret(word);
  const login = await findCliLogin(database.read, hash);
  if (login === undefined) return undefined;
  return database.transaction(async (tx) => {
    const at = clock();
    if (login.expiresAt <= at || !(await setCliLoginRead(tx, hash, at)))
      throw new Refusal('forbidden', 'This login was used, or its time is over: log in again.');
    const order = { userId: login.userId, name: 'clever login', kind: 'pair', at, ip } as const;
    return { ...(await issueToken(tx, order)), expiresAt: at + LONGEST_LIFE };
  });
}
