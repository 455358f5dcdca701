import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Right, Role } from './rights.ts';
import { CREDENTIALS_LIMIT, Ended, TokenPair, none, nothing } from './schemas.ts';

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

export const signIn = endpoint({
  method: 'POST',
  path: '/grid/v1/sign-in',
  summary:
    'A token pair for an e-mail address and its password; on the machine itself, for an address',
  for: 'open',
  params: none,
  query: none,
  body: z.object({
    email: z.string(),
    password: z.string().max(1024).optional(),
    name: z.string().optional().describe('what the pair is listed as'),
  }),
  bodyLimit: CREDENTIALS_LIMIT,
  result: TokenPair,
});

export const setPassword = endpoint({
  method: 'PUT',
  path: '/grid/v1/self/password',
  summary:
    'A new password; `current` is asked for where there is one. It ends every other session and token pair',
  for: 'self',
  params: none,
  query: none,
  body: z.object({ current: z.string().max(1024).optional(), password: z.string().max(1024) }),
  result: Ended,
});
