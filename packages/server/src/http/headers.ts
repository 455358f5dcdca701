import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // stricter ones keep browsers from saying to ourselves where a form comes from
  'referrer-policy': 'same-origin',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
};

/** Half a year, for this host alone: applications below it may be plain. */
const STRICT = 'max-age=15552000';

/** What browsers are told of every answer, also of one that streams. */
export function setHeaders({ raw, request }: FastifyReply): void {
  for (const [name, value] of Object.entries(HEADERS)) raw.setHeader(name, value);
  if (mayBeStrict(request.headers)) raw.setHeader('strict-transport-security', STRICT);
}

/**
 * Whether browsers are to ask for this name over https alone, on every port of it: not where https has another
 * port than the usual, which they would not find by themselves, nor for names of everybody's own machine.
 */
function mayBeStrict({ host = '', ...headers }: IncomingHttpHeaders): boolean {
  const secure = headers['x-forwarded-proto'] === 'https' && headers['x-forwarded-port'] === '443';
  return secure && !/(^|\.)localhost\.?(:\d+)?$/i.test(host);
}
