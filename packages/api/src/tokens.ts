import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Ended, none, nothing } from './schemas.ts';

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
