import type { FastifyInstance } from 'fastify';
import type { Authority } from '../certificates/certificate.ts';
import { Refusal } from '../lib/refusal.ts';

type AuthorityNeeds = {
  /** Whom clients are to trust; undefined where the certificate was brought. */
  authority: Authority | undefined;
};

/** The platform's own authority, for clients that are to trust it: open, and over plain http too. */
export function authorityRoute(app: FastifyInstance, { authority }: AuthorityNeeds): void {
  app.get('/ca.pem', (_, reply) => {
    if (authority === undefined)
      throw new Refusal(
        'not_found',
        'The certificate of this platform is not from an authority of its own.',
      );
    return reply.type('application/x-pem-file').send(authority.pem);
  });
}
