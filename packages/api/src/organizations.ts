import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Owned, none, nothing } from './schemas.ts';

export const Organization = z.object({ id: z.string(), name: z.string(), role: z.string() });

export const getOwner = endpoint({
  method: 'GET',
  path: '/v2/organisations/:ownerId',
  summary: 'An organization, or the personal space',
  for: 'organization:read',
  params: Owned,
  query: none,
  body: nothing,
  result: z.object({ id: z.string(), name: z.string(), description: z.string(), role: z.string() }),
});

export const listOrganizations = endpoint({
  method: 'GET',
  path: '/grid/v1/organizations',
  summary: 'The organizations that the user is a member of',
  for: 'self',
  params: none,
  query: none,
  body: nothing,
  result: z.array(Organization),
});

export const createOrganization = endpoint({
  method: 'POST',
  path: '/grid/v1/organizations',
  summary: 'Create an organization',
  for: 'signed in',
  params: none,
  query: none,
  body: z.object({ name: z.string() }),
  result: Organization,
});
