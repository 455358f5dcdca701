import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Owned, OwnedApplication, none, nothing } from './schemas.ts';

const path = '/v2/organisations/:ownerId/applications/:applicationId/addons';

export const listOwnAddons = endpoint({
  method: 'GET',
  path: '/v2/self/addons',
  summary: 'The add-ons of the personal space',
  for: 'self',
  params: none,
  query: none,
  body: nothing,
  result: z.array(z.unknown()),
});

export const listAddonProviders = endpoint({
  method: 'GET',
  path: '/v2/products/addonproviders',
  summary: 'What add-ons can be made of',
  for: 'signed in',
  params: none,
  query: z.object({ orgaId: z.string().optional() }),
  body: nothing,
  result: z.array(z.unknown()),
});

export const listAddons = endpoint({
  method: 'GET',
  path: '/v2/organisations/:ownerId/addons',
  summary: 'The add-ons of an owner',
  for: 'application:read',
  params: Owned,
  query: none,
  body: nothing,
  result: z.array(z.unknown()),
});

export const listLinkedAddons = endpoint({
  method: 'GET',
  path,
  summary: 'The add-ons that are linked to the application',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: z.array(z.unknown()),
});

export const getAddonsEnvironment = endpoint({
  method: 'GET',
  path: `${path}/env`,
  summary: 'What those bring into its environment, by add-on',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: z.array(z.unknown()),
});
