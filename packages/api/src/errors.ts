import { z } from 'zod';

/** What went wrong, as /v2 and /grid say it; the code is what programs look at. */
export const ErrorOfV2 = z.object({
  id: z.number(),
  message: z.string(),
  type: z.literal('error'),
  code: z.string(),
  fields: z.record(z.string(), z.string()).describe('what is wrong with which field'),
});

export const ErrorOfV4 = z.object({
  code: z.string(),
  error: z.string(),
  context: z.record(z.string(), z.string()),
});

export const ErrorOfTokens = z.object({ code: z.string(), error: z.string() });
