import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Owned, none, nothing } from './schemas.ts';

const Value = z.int().min(0).nullable().describe('null: as much as there is');

export const Limit = z.object({
  name: z.string(),
  of: z
    .enum(['user', 'owner', 'application'])
    .describe('what has so many: who asks, the owner, or each of its applications'),
  value: Value,
  used: z.int().nullable().describe('null where it counts what is asked for at a time'),
  means: z.string(),
});
export type Limit = z.infer<typeof Limit>;

export const getLimits = endpoint({
  method: 'GET',
  path: '/grid/v1/owners/:ownerId/limits',
  summary: 'What the user, the owner and its applications may have, and what of it is used',
  for: 'organization:read',
  params: Owned,
  query: z.object({
    applicationId: z
      .string()
      .max(64)
      .optional()
      .describe('whose use is told too, to whoever may read it'),
  }),
  body: nothing,
  result: z.object({ limits: z.array(Limit) }),
});

export const listSetLimits = endpoint({
  method: 'GET',
  path: '/grid/v1/limits',
  summary: 'What was set instead of the defaults',
  for: 'operator',
  params: none,
  query: none,
  body: nothing,
  result: z.object({
    limits: z.array(
      z.object({
        name: z.string(),
        ownerId: z.string().nullable().describe('a user or an owner; null: all'),
        value: Value,
      }),
    ),
  }),
});

const Named = z.object({ name: z.string().max(64) });
const ownerId = z.string().max(64).optional().describe('a user or an owner; all without it');

export const setLimit = endpoint({
  method: 'PUT',
  path: '/grid/v1/limits/:name',
  summary: 'Set a limit for all, or for one user or owner',
  for: 'operator',
  params: Named,
  query: none,
  body: z.object({ value: Value, ownerId }),
  result: nothing,
});

export const unsetLimit = endpoint({
  method: 'DELETE',
  path: '/grid/v1/limits/:name',
  summary: 'Let the default, or what is set for all, count again',
  for: 'operator',
  params: Named,
  query: z.object({ ownerId }),
  body: nothing,
  result: nothing,
});
