import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Right, Role } from './rights.ts';
import { Application, Owned, none, nothing } from './schemas.ts';

export const User = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  avatar: z.string().nullable(),
  creationDate: z.number(),
  lang: z.string(),
  preferredMFA: z.string(),
  hasPassword: z.boolean(),
  admin: z.boolean(),
});

export const SummaryOwner = z.object({
  id: z.string(),
  name: z.string(),
  role: z.string(),
  applications: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      variantSlug: z.string(),
      instanceType: z.string(),
      state: z.string(),
      commit: z.string().nullable(),
    }),
  ),
  addons: z.array(z.unknown()),
  consumers: z.array(z.unknown()),
  providers: z.array(z.unknown()),
});

export const getSelf = endpoint({
  method: 'GET',
  path: '/v2/self',
  summary: 'Who the credentials belong to',
  for: 'self',
  params: none,
  query: none,
  body: nothing,
  result: User,
});

export const getRights = endpoint({
  method: 'GET',
  path: '/grid/v1/self',
  summary: 'Who asks, the owners that they are a member of, and what each role may do there',
  for: 'self',
  params: none,
  query: none,
  body: nothing,
  result: z.object({
    id: z.string(),
    email: z.string(),
    name: z.string(),
    operator: z.boolean(),
    owners: z
      .array(z.object({ id: z.string(), name: z.string(), role: Role }))
      .describe('the personal space first'),
    roles: z.record(Role, z.array(Right)).describe('what each role may do'),
  }),
});

export const getCurrentToken = endpoint({
  method: 'GET',
  path: '/v2/self/tokens/current',
  summary: 'The token of this request',
  for: 'self',
  params: none,
  query: none,
  body: nothing,
  result: z.object({
    token: z.string(),
    creationDate: z.string(),
    expirationDate: z.string().nullable(),
  }),
});

export const takeCliToken = endpoint({
  method: 'GET',
  path: '/v2/self/cli_tokens',
  summary:
    'The token pair of a command line, once somebody has said yes in a browser; 404 until then',
  for: 'open',
  params: none,
  query: z.object({ cli_token: z.string().max(256) }),
  body: nothing,
  result: z.object({ token: z.string(), secret: z.string(), expirationDate: z.string() }),
});

export const ApiToken = z.object({
  apiTokenId: z.string(),
  name: z.string(),
  ip: z.string(),
  creationDate: z.string(),
  expirationDate: z.string(),
  state: z.enum(['ACTIVE', 'EXPIRED']),
});

export const listApiTokens = endpoint({
  method: 'GET',
  path: '/api-tokens',
  summary: 'The API tokens of the account',
  for: 'self',
  params: none,
  query: none,
  body: nothing,
  result: z.array(ApiToken),
});

export const createApiToken = endpoint({
  method: 'POST',
  path: '/api-tokens',
  summary: 'Create an API token, for `Authorization: Bearer`; it is shown this once',
  for: 'self',
  params: none,
  query: none,
  body: z.object({
    email: z.string(),
    password: z.string().max(1024),
    mfaCode: z.string().optional(),
    name: z.string(),
    description: z.string().optional(),
    expirationDate: z.iso.datetime({ offset: true }),
  }),
  result: z.object({ apiTokenId: z.string(), apiToken: z.string(), expirationDate: z.string() }),
});

export const revokeApiToken = endpoint({
  method: 'DELETE',
  path: '/api-tokens/:apiTokenId',
  summary: 'Revoke an API token',
  for: 'self',
  params: z.object({ apiTokenId: z.string().max(128) }),
  query: none,
  body: nothing,
  result: nothing,
});

export const listEmails = endpoint({
  method: 'GET',
  path: '/v2/self/emails',
  summary: 'The addresses of the account beside the first',
  for: 'self',
  params: none,
  query: none,
  body: nothing,
  result: z.array(z.string()),
});

const Email = z.object({ email: z.string().max(254) });

export const putEmail = endpoint({
  method: 'PUT',
  path: '/v2/self/emails/:email',
  summary: 'Add an address, or with `make_primary` sign in with it from now on',
  for: 'self',
  params: Email,
  query: none,
  body: z.object({ make_primary: z.boolean().optional() }).optional(),
  result: nothing,
});

export const deleteEmail = endpoint({
  method: 'DELETE',
  path: '/v2/self/emails/:email',
  summary: 'Remove an address',
  for: 'self',
  params: Email,
  query: none,
  body: nothing,
  result: nothing,
});

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

export const getSummary = endpoint({
  method: 'GET',
  path: '/v2/summary',
  summary: 'Owners and their applications, to find things by name',
  for: 'self',
  params: none,
  query: none,
  body: nothing,
  result: z.object({
    user: SummaryOwner.extend({ partnerConsoleUrl: z.string(), lang: z.string() }),
    organisations: z.array(SummaryOwner),
  }),
});

export const getOwnApplication = endpoint({
  method: 'GET',
  path: '/v2/self/applications/:applicationId',
  summary: 'An application of any owner that the user may see',
  for: 'application:read',
  params: z.object({ applicationId: z.string() }),
  query: none,
  body: nothing,
  result: Application,
});

export const listKeys = endpoint({
  method: 'GET',
  path: '/v2/self/keys',
  summary: 'The SSH keys of the account',
  for: 'self',
  params: none,
  query: none,
  body: nothing,
  result: z.array(z.object({ name: z.string(), key: z.string(), fingerprint: z.string() })),
});

const KeyName = z.object({ name: z.string().min(1).max(128) });

export const putKey = endpoint({
  method: 'PUT',
  path: '/v2/self/keys/:name',
  summary: 'Add an SSH key; the body is the line of its .pub file',
  for: 'self',
  params: KeyName,
  query: none,
  body: z.string().min(1).max(16_384),
  bodyLimit: 32 * 1024,
  result: nothing,
});

export const deleteKey = endpoint({
  method: 'DELETE',
  path: '/v2/self/keys/:name',
  summary: 'Remove an SSH key',
  for: 'self',
  params: KeyName,
  query: none,
  body: nothing,
  result: nothing,
});
