import type { Endpoint } from '@grid/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { authenticateHeader } from '../accounts/authenticate.ts';
import type { User } from '../accounts/user.ts';
import { Refusal } from '../lib/refusal.ts';
import type { HttpContext } from './context.ts';

/** What a handler is given, all of it checked. */
export type Call<P, Q, B> = {
  params: P;
  query: Q;
  body: B;
  user: User;
  /** Whether it came by the control socket, which only the platform's own user can open. */
  local: boolean;
};

/** The router says whom it speaks for; who opens the socket themselves is the platform's own user. */
const isLocal = (request: FastifyRequest): boolean =>
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
      const user = await identify(context, request, endpoint.open === true);
      const answer = await handle({
        params: parse(endpoint.params, request.params),
        query: parse(endpoint.query, request.query),
        body: parse(endpoint.body, request.body),
        user,
        local: isLocal(request),
      });
      if (answer === undefined) return reply.code(204).send();
      return reply.type('application/json').send(JSON.stringify(answer));
    },
  });
}

const NOBODY = {} as User;

async function identify(
  { database, clock }: HttpContext,
  request: FastifyRequest,
  open: boolean,
): Promise<User> {
  if (open) return NOBODY;
  const user = await authenticateHeader(database.read, request.headers.authorization, clock());
  if (user === undefined)
    throw new Refusal('unauthenticated', 'Sign in: the credentials are missing, wrong or expired.');
  return user;
}

function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
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
