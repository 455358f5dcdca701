import type { FastifyReply, FastifyRequest } from 'fastify';
import { authenticateSession } from '../../accounts/authenticate.ts';
import type { Authenticated } from '../../accounts/authenticate.ts';
import { LONGEST_SESSION } from '../../accounts/sign-in.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Database } from '../../store/database.ts';
import { Refusal } from '../../lib/refusal.ts';
import { isOwnOrigin } from '../origin.ts';

/** By this prefix browsers keep it to this host: no application below the platform's domain can set it. */
const COOKIE = '__Host-grid_session';

/** Who the browser is signed in as, or undefined. */
export const readSession = (
  { database, clock }: { database: Database; clock: Clock },
  { headers }: FastifyRequest,
): Promise<Authenticated | undefined> =>
  authenticateSession(database, readCookie(headers.cookie ?? ''), clock());

/** The cookie's value; of two nobody knows whose they are. */
function readCookie(header: string): string | undefined {
  const values = header
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one.startsWith(`${COOKIE}=`));
  return values.length === 1 ? values[0]?.slice(COOKIE.length + 1) : undefined;
}

/**
 * From now on the browser shows who it is, to this origin alone and to no script. Browsers take it over plain
 * http too where that is their own machine.
 */
export const setSession = (reply: FastifyReply, cookie: string): void => {
  const lives = cookie === '' ? 0 : Math.floor(LONGEST_SESSION / 1000);
  const rules = `Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=${lives}`;
  reply.header('set-cookie', `${COOKIE}=${cookie}; ${rules}`);
};

/** Refuses a form that another site sent: browsers say where a form comes from. */
export function requireOwnForm({ headers }: FastifyRequest): void {
  if (isOwnOrigin(headers)) return;
  throw new Refusal('forbidden', 'This form was not sent by a page of this platform.');
}
