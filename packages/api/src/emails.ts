import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { none, nothing } from './schemas.ts';

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
