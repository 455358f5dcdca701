import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { none, nothing } from './schemas.ts';

export const listPendingEmails = endpoint({
  method: 'GET',
  path: '/grid/v1/operator/emails',
  summary: 'Addresses that users say are theirs, and nobody has proven',
  for: 'operator',
  params: none,
  query: none,
  body: nothing,
  result: z.array(
    z.object({ email: z.string(), userId: z.string(), name: z.string(), at: z.number() }),
  ),
});

export const confirmEmail = endpoint({
  method: 'PUT',
  path: '/grid/v1/operator/emails/:email',
  summary: 'Say that an address is the user’s who has added it',
  for: 'operator',
  params: z.object({ email: z.string().max(254) }),
  query: none,
  body: z.object({ userId: z.string() }),
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
