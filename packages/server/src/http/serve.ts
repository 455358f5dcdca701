import { BODY_LIMIT } from '@grid/api';
import type { Endpoint } from '@grid/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { authenticateToken } from '../accounts/authenticate.ts';
import type { Authenticated } from '../accounts/authenticate.ts';
import { Refusal } from '../lib/refusal.ts';
import { whenClosed } from '../lib/when-closed.ts';
import { clientAddress, clientOf } from './client-address.ts';
import type { HttpContext } from './context.ts';
import { isLocal } from './operator-socket.ts';
import { parseJson } from './parse-json.ts';
import { readBody } from './read-body.ts';

/** What a handler is given, all of it checked. */
export type Call<P, Q, B> = Authenticated & {
  params: P;
  query: Q;
  body: B;
  /** Who asked the router, by address; undefined on the operator's socket. */
  ip: string | undefined;
  /** The same, as limits know it: its network, or `local` on the operator's socket. */
  client: string;
  /** Whether it came by the operator's socket. */
  local: boolean;
};

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
    config: { guarded: endpoint.open !== true },
    async handler(request, reply) {
      const call = await readCall(context, endpoint, request);
      if (endpoint.open !== true) whenClosed(reply.raw, context.crowd.requests.take(call.user.id));
      const answer = await handle({ ...call, body: await readValue(endpoint, request) });
      if (answer === undefined) return reply.code(204).send();
      return reply.type('application/json').send(JSON.stringify(answer));
    },
  });
}

/** The body, which is read once it is known who asks, and only where one is asked for. */
async function readValue<B extends z.ZodType>(
  { body, bodyLimit = BODY_LIMIT }: { body: B; bodyLimit?: number },
  { raw }: FastifyRequest,
): Promise<z.output<B>> {
  if (body instanceof z.ZodUnknown) return undefined as z.output<B>;
  return parse(body, parseJson(await readBody(raw, { limit: bodyLimit })));
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
  const parsed = schema.safeParse(value);
  if (parsed.success) {
    refuseUnstorable('body', parsed.data);
    return parsed.data;
  }
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
function refuseUnstorable(field: string, value: unknown): void {
  if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed()))
    throw new Refusal('invalid', `${field}: ${RULE}`, { [field]: RULE });
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) refuseUnstorable(field, name);
    refuseUnstorable(name, inner);
  }
}
