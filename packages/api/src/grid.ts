import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Owned, none, nothing } from './schemas.ts';

export const TokenPair = z.object({ token: z.string(), secret: z.string() });

/** Whoever asks is heard: no longer than they need. */
const CREDENTIALS_LIMIT = 4 * 1024;

export const getStatus = endpoint({
  method: 'GET',
  path: '/grid/v1/status',
  summary: 'Whether the platform is up, and where',
  for: 'open',
  params: none,
  query: none,
  body: nothing,
  result: z.object({
    version: z.string().optional().describe('on the machine itself'),
    claimed: z.boolean(),
    isolated: z.boolean(),
    url: z.string(),
    sshUrl: z.string(),
  }),
});

export const claim = endpoint({
  method: 'POST',
  path: '/grid/v1/claim',
  summary: 'Make the first user with the one-time claim token',
  for: 'open',
  params: none,
  query: none,
  body: z.object({
    claimToken: z.string().optional(),
    email: z.string(),
    name: z.string().optional(),
    password: z.string().optional(),
    organization: z.string(),
    sshKey: z.string().optional(),
  }),
  bodyLimit: CREDENTIALS_LIMIT,
  result: TokenPair.extend({ userId: z.string(), organizationId: z.string() }),
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

/** How many sessions and token pairs were ended, and how many API tokens go on. */
export const Ended = z.object({ ended: z.number(), apiTokens: z.number() });

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

export const Token = z.object({
  id: z.string(),
  kind: z.enum(['pair', 'api', 'session']),
  name: z.string(),
  ip: z.string().nullable(),
  createdAt: z.number(),
  usedAt: z.number().nullable().describe('to the day'),
  expiresAt: z.number().nullable(),
  current: z.boolean(),
});

export const listTokens = endpoint({
  method: 'GET',
  path: '/grid/v1/self/tokens',
  summary:
    'All that opens the account beside SSH keys: token pairs, API tokens, sessions of browsers',
  for: 'self',
  params: none,
  query: none,
  body: nothing,
  result: z.array(Token),
});

export const revokeToken = endpoint({
  method: 'DELETE',
  path: '/grid/v1/self/tokens/:tokenId',
  summary: 'End a token of any kind',
  for: 'self',
  params: z.object({ tokenId: z.string().max(128) }),
  query: none,
  body: nothing,
  result: nothing,
});

export const endOtherTokens = endpoint({
  method: 'DELETE',
  path: '/grid/v1/self/tokens',
  summary: 'End every session and token pair but that of this request; API tokens go on',
  for: 'self',
  params: none,
  query: none,
  body: nothing,
  result: Ended,
});

export const listOwnEmails = endpoint({
  method: 'GET',
  path: '/grid/v1/self/emails',
  summary: 'The addresses of the account; one counts once it is proven',
  for: 'self',
  params: none,
  query: none,
  body: nothing,
  result: z.array(z.object({ email: z.string(), primary: z.boolean(), proven: z.boolean() })),
});

export const Organization = z.object({ id: z.string(), name: z.string(), role: z.string() });

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

const Moment = z.coerce.number().int().min(0).describe('epoch milliseconds');

export const getUsage = endpoint({
  method: 'GET',
  path: '/grid/v1/owners/:ownerId/usage',
  summary: 'Minutes and money by application; this month without a window',
  for: 'usage:read',
  params: Owned,
  query: z.object({ from: Moment.optional(), to: Moment.optional() }),
  body: nothing,
  result: z.object({
    from: z.number(),
    to: z.number(),
    applications: z.array(
      z.object({
        applicationId: z.string().nullable(),
        applicationName: z.string().nullable(),
        minutes: z.number(),
        gpuMinutes: z.number(),
        microEuros: z.number(),
      }),
    ),
  }),
});

export const setSandbox = endpoint({
  method: 'PUT',
  path: '/grid/v1/applications/:applicationId/sandbox',
  summary: 'What an application may ask of the kernel from its next start on',
  for: 'operator',
  params: z.object({ applicationId: z.string().max(64) }),
  query: none,
  body: z.object({
    sandbox: z
      .enum(['strict', 'nested'])
      .describe('`strict` is what applications need; `nested` allows namespaces of its own'),
  }),
  result: nothing,
});
