import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Domain, OwnedApplication, none, nothing } from './schemas.ts';

const path = '/v2/organisations/:ownerId/applications/:applicationId/vhosts';

export const getLoadBalancer = endpoint({
  method: 'GET',
  path: '/v4/load-balancers/organisations/:ownerId/applications/:applicationId/load-balancers/default',
  summary: 'What the DNS records of an application’s domains should lead to',
  for: 'application:read',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: z.array(z.object({ dns: z.object({ cname: z.string(), a: z.array(z.string()) }) })),
});

export const listDomains = endpoint({
  method: 'GET',
  path,
  summary: 'Where the application answers',
  for: 'application:read',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: z.array(Domain),
});

const NamedDomain = OwnedApplication.extend({ fqdn: z.string() });

export const addDomain = endpoint({
  method: 'PUT',
  path: `${path}/:fqdn`,
  summary: 'Add a domain, with an optional path',
  for: 'application:operate',
  params: NamedDomain,
  query: none,
  body: nothing,
  result: nothing,
});

export const removeDomain = endpoint({
  method: 'DELETE',
  path: `${path}/:fqdn`,
  summary: 'Remove a domain',
  for: 'application:operate',
  params: NamedDomain,
  query: none,
  body: nothing,
  result: nothing,
});

const favourite = `${path}/favourite`;

export const getFavouriteDomain = endpoint({
  method: 'GET',
  path: favourite,
  summary: 'The domain that links lead to',
  for: 'application:read',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: Domain,
});

export const setFavouriteDomain = endpoint({
  method: 'PUT',
  path: favourite,
  summary: 'Choose the domain that links lead to',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: Domain,
  result: Domain,
});

export const unsetFavouriteDomain = endpoint({
  method: 'DELETE',
  path: favourite,
  summary: 'Links lead to the best domain again',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: nothing,
});

export const ReservedName = z.object({ host: z.string(), ownerId: z.string().nullable() });

const Name = z.object({ fqdn: z.string().max(253) });

export const listReservedNames = endpoint({
  method: 'GET',
  path: '/grid/v1/operator/domains',
  summary: 'Names that the operator gave to owners, or keeps from everybody',
  for: 'operator',
  params: none,
  query: none,
  body: nothing,
  result: z.array(ReservedName),
});

export const reserveName = endpoint({
  method: 'PUT',
  path: '/grid/v1/operator/domains/:fqdn',
  summary: 'Give a name, with all below it, to an owner, or keep it from everybody',
  for: 'operator',
  params: Name,
  query: none,
  body: z.object({ ownerId: z.string().optional().describe('without it, nobody has it') }),
  result: nothing,
});

export const releaseName = endpoint({
  method: 'DELETE',
  path: '/grid/v1/operator/domains/:fqdn',
  summary: 'Take back what was said of a name',
  for: 'operator',
  params: Name,
  query: none,
  body: nothing,
  result: nothing,
});
