import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Owned, nothing } from './schemas.ts';

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
        applicationName: z.string().nullable().describe('what it is called, or was'),
        applicationDeleted: z.boolean().default(false),
        minutes: z.number(),
        gpuMinutes: z.number(),
        microEuros: z.number(),
      }),
    ),
  }),
});
