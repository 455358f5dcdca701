import type { FastifyReply, FastifyRequest } from 'fastify';
import { authenticateSession } from '../../accounts/authenticate.ts';
import type { Authenticated } from '../../accounts/authenticate.ts';
import { LONGEST_SESSION } from '../../accounts/sign-in.ts';
import { Refusal } from '../../lib/refusal.ts';
import type { HttpContext } from '../context.ts';
import { isOwnOrigin } from '../origin.ts';

const COOKIE = 'grid_session';

const isSecure = ({ headers }: FastifyRequest): boolean => headers['x-forwarded-proto'] === 'https';

/** Who the browser is signed in as, or undefined. */
export function readSession(
  { database, clock }: HttpContext,
  { headers }: FastifyRequest,
): Promise<Authenticated | undefined> {
  const [, cookie] = new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w.-]+)`).exec(headers.cookie ?? '') ?? [];
  return authenticateSession(database, cookie, clock());
}

/** From now on the browser shows who it is, to this origin alone and to no script. */
export const setSession = (request: FastifyRequest, reply: FastifyReply, cookie: string): void => {
  const lives = cookie === '' ? 0 : Math.floor(LONGEST_SESSION / 1000);
  const secure = isSecure(request) ? '; Secure' : '';
  const rules = `Path=/; HttpOnly; SameSite=Lax; Max-Age=${lives}${secure}`;
  reply.header('set-cookie', `${COOKIE}=${cookie}; ${rules}`);
};

/** Refuses a form that another site sent: browsers say where a form comes from. */
export function demandOwnForm({ headers }: FastifyRequest): void {
  if (isOwnOrigin(headers)) return;
  throw new Refusal('forbidden', 'This form was not sent by a page of this platform.');
}
