import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { CREDENTIALS_LIMIT, TokenPair, none, nothing } from './schemas.ts';

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
