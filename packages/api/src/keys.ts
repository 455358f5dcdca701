import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { none, nothing } from './schemas.ts';

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
