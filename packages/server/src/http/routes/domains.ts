import { domains } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { addDomain, removeDomain, setFavouriteDomain } from '../../applications/change-domains.ts';
import { listDomains, listReservedNames } from '../../applications/domain-store.ts';
import type { DomainDeps } from '../../applications/change-domains.ts';
import { formatDomain } from '../../applications/domain.ts';
import { releaseName, reserveName } from '../../applications/reserve-name.ts';
import { parseOwnerId } from '../../lib/ids.ts';
import { Refusal } from '../../lib/refusal.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';

type DomainNeeds = Serving &
  DomainDeps & {
    /** What the records of domains should lead to. */
    dns(): { cname: string; a: string[] };
  };

/** Where applications answer, what DNS should say of it, and the operator’s word on names. */
export function domainRoutes(app: FastifyInstance, needs: DomainNeeds): void {
  const { database } = needs;
  serve(app, needs, domains.listDomains, async ({ application: { id } }) => {
    const found = await listDomains(database.read, id);
    return found.map((domain) => ({ fqdn: formatDomain(domain) }));
  });
  serve(app, needs, domains.getFavouriteDomain, async ({ application: { id } }) => {
    const found = (await listDomains(database.read, id)).find(({ favourite }) => favourite);
    if (found === undefined)
      throw new Refusal('no_favourite_domain', 'The application has no favourite domain.');
    return { fqdn: formatDomain(found) };
  });
  serve(app, needs, domains.setFavouriteDomain, async ({ application, body, by }) => {
    await setFavouriteDomain(needs, { ...application, by }, body.fqdn);
    return body;
  });
  serve(app, needs, domains.unsetFavouriteDomain, async ({ application, by }) => {
    await setFavouriteDomain(needs, { ...application, by }, undefined);
  });
  serve(app, needs, domains.addDomain, async ({ application, user, params, by }) => {
    const { id, ownerId } = application;
    const { operator } = user;
    await addDomain(needs, { id, ownerId, operator, by }, params.fqdn);
    return {};
  });
  serve(app, needs, domains.removeDomain, async ({ application, params, by }) => {
    await removeDomain(needs, { ...application, by }, params.fqdn);
    return {};
  });
  serve(app, needs, domains.getLoadBalancer, async () => [{ dns: needs.dns() }]);
  serve(app, needs, domains.listReservedNames, async () =>
    (await listReservedNames(database.read)).map(({ host, ownerId }) => ({ host, ownerId })),
  );
  serve(app, needs, domains.reserveName, async ({ params, body, by }) => {
    const ownerId = body.ownerId === undefined ? null : parseOwnerId(body.ownerId);
    if (ownerId === undefined) throw new Refusal('not_found', `There is no owner ${body.ownerId}.`);
    await reserveName(needs, { name: params.fqdn, ownerId, by });
  });
  serve(app, needs, domains.releaseName, async ({ params, by }) => {
    await releaseName(needs, { name: params.fqdn, by });
  });
}
