import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Application, none, nothing } from './schemas.ts';

const User = z.object({
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

const SummaryOwner = z.object({
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
  params: none,
  query: none,
  body: nothing,
  result: User,
});

export const getCurrentToken = endpoint({
  method: 'GET',
  path: '/v2/self/tokens/current',
  summary: 'The token of this request',
  params: none,
  query: none,
  body: nothing,
  result: z.object({ expirationDate: z.string().nullable() }),
});

export const getSummary = endpoint({
  method: 'GET',
  path: '/v2/summary',
  summary: 'Owners and their applications, to find things by name',
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
  params: z.object({ applicationId: z.string() }),
  query: none,
  body: nothing,
  result: Application,
});

export const listKeys = endpoint({
  method: 'GET',
  path: '/v2/self/keys',
  summary: 'The SSH keys of the account',
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
  params: KeyName,
  query: none,
  body: z.string().min(1).max(16_384),
  result: nothing,
});

export const deleteKey = endpoint({
  method: 'DELETE',
  path: '/v2/self/keys/:name',
  summary: 'Remove an SSH key',
  params: KeyName,
  query: none,
  body: nothing,
  result: nothing,
});
