import type { Endpoint } from '@grid/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { authenticateToken } from '../accounts/authenticate.ts';
import type { Authenticated } from '../accounts/authenticate.ts';
import { Refusal } from '../lib/refusal.ts';
import type { HttpContext } from './context.ts';

/** What a handler is given, all of it checked. */
export type Call<P, Q, B> = Authenticated & {
  params: P;
  query: Q;
  body: B;
  /** Who asked the router, by address; undefined on the control socket. */
  ip: string | undefined;
  /** The same, as limits know it: `local` on the control socket. */
  client: string;
  /** Whether it came by the control socket, which only the platform's own user can open. */
  local: boolean;
};

/** The router says whom it speaks for; who opens the socket themselves is the platform's own user. */
export const isLocal = (request: FastifyRequest): boolean =>
  request.headers['x-forwarded-for'] === undefined;

/** Serves an endpoint as it is described: parameters, query and body parsed, credentials demanded. */
export function serve<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends z.ZodType,
>(
  app: FastifyInstance,
  context: HttpContext,
  endpoint: Endpoint<P, Q, B, R>,
  handle: (call: Call<z.output<P>, z.output<Q>, z.output<B>>) => Promise<z.input<R>>,
): void {
  app.route({
    method: endpoint.method,
    url: endpoint.path,
    async handler(request, reply) {
      const call = await readCall(context, endpoint, request);
      const answer = await handle({ ...call, body: parse(endpoint.body, request.body) });
      if (answer === undefined) return reply.code(204).send();
      return reply.type('application/json').send(JSON.stringify(answer));
    },
  });
}

/** Who asks, and for what: credentials demanded, parameters and query parsed. */
export async function readCall<P extends z.ZodType, Q extends z.ZodType>(
  context: HttpContext,
  { open, params, query }: { open?: boolean; params: P; query: Q },
  request: FastifyRequest,
): Promise<Call<z.output<P>, z.output<Q>, unknown>> {
  const identity = await identify(context, request, open === true);
  return {
    params: parse(params, request.params),
    query: parse(query, request.query),
    body: undefined,
    ...identity,
    ip: clientAddress(request),
    client: clientOf(request),
    local: isLocal(request),
  };
}

/** The router writes who asks it behind what the client says of itself. */
export const clientAddress = ({ headers }: FastifyRequest): string | undefined =>
  String(headers['x-forwarded-for'] ?? '')
    .split(', ')
    .at(-1) || undefined;

export const clientOf = (request: FastifyRequest): string => clientAddress(request) ?? 'local';

const NOBODY = {} as Authenticated;

async function identify(
  { database, clock }: HttpContext,
  request: FastifyRequest,
  open: boolean,
): Promise<Authenticated> {
  if (open) return NOBODY;
  const found = await authenticateToken(database, request.headers.authorization, clock());
  if (found === undefined)
    throw new Refusal('unauthenticated', 'Sign in: the credentials are missing, wrong or expired.');
  return found;
}

function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  refuseUnstorable(value);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = Object.fromEntries(
    parsed.error.issues.map(({ path, message }) => [path.join('.') || 'body', message]),
  );
  const sentence = Object.entries(fields)
    .map(([field, message]) => `${field}: ${message}`)
    .join('; ');
  throw new Refusal('invalid', sentence, fields);
}

const RULE = 'must not hold NUL characters or halves of surrogate pairs';

/** Refuses text that not every database, and no program’s argument or variable, can hold. */
function refuseUnstorable(value: unknown): void {
  const queue: [field: string, value: unknown][] = [['body', value]];
  for (const [field, one] of queue) {
    if (typeof one === 'string' && (one.includes('\0') || !one.isWellFormed()))
      throw new Refusal('invalid', `${field}: ${RULE}`, { [field]: RULE });
    if (typeof one !== 'object' || one === null) continue;
    for (const [name, inner] of Object.entries(one)) queue.push([field, name], [name, inner]);
  }
}
