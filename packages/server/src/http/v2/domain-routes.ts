import { domains } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import {
  addDomain,
  listDomains,
  removeDomain,
  setFavouriteDomain,
} from '../../applications/change-domains.ts';
import { formatDomain } from '../../applications/domain.ts';
import { Refusal } from '../../lib/refusal.ts';
import type { HttpContext } from '../context.ts';
import { serve } from '../serve.ts';

/** Where applications answer, and what the DNS should say of it. */
export function domainRoutes(app: FastifyInstance, context: HttpContext): void {
  const { database } = context;
  serve(app, context, domains.listDomains, async ({ application: { id } }) => {
    const found = await listDomains(database.read, id);
    return found.map((domain) => ({ fqdn: formatDomain(domain) }));
  });
  serve(app, context, domains.getFavouriteDomain, async ({ application: { id } }) => {
    const found = (await listDomains(database.read, id)).find(({ favourite }) => favourite);
    if (found === undefined)
      throw new Refusal('no_favourite_domain', 'The application has no favourite domain.');
    return { fqdn: formatDomain(found) };
  });
  serve(app, context, domains.setFavouriteDomain, async ({ application, body, by }) => {
    await setFavouriteDomain(context, { ...application, by }, body.fqdn);
    return body;
  });
  serve(app, context, domains.unsetFavouriteDomain, async ({ application, by }) => {
    await setFavouriteDomain(context, { ...application, by }, undefined);
  });
  serve(app, context, domains.addDomain, async ({ application, user, params, by }) => {
    const { id, ownerId } = application;
    const { operator } = user;
    await addDomain(context, { id, ownerId, operator, by }, params.fqdn);
    return {};
  });
  serve(app, context, domains.removeDomain, async ({ application, params, by }) => {
    await removeDomain(context, { ...application, by }, params.fqdn);
    return {};
  });
  serve(app, context, domains.getLoadBalancer, async () => [{ dns: context.dns() }]);
}
