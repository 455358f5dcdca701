import { BODY_LIMIT } from '@grid/api';
import type { Endpoint, Rule } from '@grid/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { authenticateToken } from '../accounts/authenticate.ts';
import type { Authenticated } from '../accounts/authenticate.ts';
import type { User } from '../accounts/user.ts';
import { byOperator, byUser } from '../events/actor.ts';
import type { Actor } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import { whenClosed } from '../lib/when-closed.ts';
import type { Database } from '../store/database.ts';
import { admit } from './access.ts';
import type { Named } from './access.ts';
import { clientAddress, clientOf } from './client-address.ts';
import type { Crowd } from './crowd.ts';
import { isLocal } from './operator-socket.ts';
import { parseJson } from './parse-json.ts';
import { readBody } from './read-body.ts';

/** What everything is served with. */
export type Serving = { database: Database; clock: Clock; crowd: Crowd };

/** Who asks, also as what is recorded says it: nobody knows of what is open to all. */
type Caller<Who> = [Who] extends ['open'] ? unknown : Authenticated & { by: Actor };

/** What a handler is given, all of it checked: who asks, and what they named and have a right to. */
export type Call<P, Q, B, Who extends Rule> = Caller<Who> &
  Named<P, Q, Who> & {
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

/** Serves an endpoint as it is described: to those whom it is for, with parameters, query and body parsed. */
export function serve<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends z.ZodType,
  Who extends Rule,
>(
  app: FastifyInstance,
  serving: Serving,
  endpoint: Endpoint<P, Q, B, R, Who>,
  handle: (call: Call<z.output<P>, z.output<Q>, z.output<B>, Who>) => Promise<z.input<R>>,
): void {
  app.route({
    method: endpoint.method,
    url: endpoint.path,
    config: { guarded: endpoint.for !== 'open' },
    async handler(request, reply) {
      const takeSlot = ({ id }: User): void =>
        whenClosed(reply.raw, serving.crowd.requests.take(id));
      const readBody = (): Promise<z.output<B>> => readValue(endpoint, request);
      const answer = await handle(
        await readCall(serving, endpoint, { request, takeSlot, readBody }),
      );
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

type Read<P, Q, Who extends Rule> = { for: Who; params: P; query: Q };

type Asking<B> = {
  request: FastifyRequest;
  /** Whoever is known is attended to, or refused where too many are. */
  takeSlot(user: User): void | Promise<void>;
  readBody(): Promise<B>;
};

/**
 * Who asks, and for what: credentials first, then parameters and query, a place, the body, and last their rights and
 * what they named: a body may take long to come, and by then both may be others.
 */
export async function readCall<P extends z.ZodType, Q extends z.ZodType, B, Who extends Rule>(
  { database, clock }: Pick<Serving, 'database' | 'clock'>,
  { for: who, params, query }: Read<P, Q, Who>,
  { request, takeSlot, readBody }: Asking<B>,
): Promise<Call<z.output<P>, z.output<Q>, B, Who>> {
  const caller = who === 'open' ? undefined : await identify({ database, clock }, request);
  const asked = { params: parse(params, request.params), query: parse(query, request.query) };
  const from = {
    ip: clientAddress(request),
    client: clientOf(request),
    local: isLocal(request),
  };
  type Known = Call<z.output<P>, z.output<Q>, B, Who>;
  if (caller === undefined) return { ...asked, ...from, body: await readBody() } as Known;
  await takeSlot(caller.user);
  const body = await readBody();
  const by = who === 'operator' ? byOperator(caller.user.id) : byUser(caller.user.id);
  const found = await admit(database, who, { ...caller, ...asked });
  return { ...asked, ...from, body, ...caller, by, ...found } as Known;
}

/** Whoever the credentials of a request prove to be. */
export async function identify(
  { database, clock }: Pick<Serving, 'database' | 'clock'>,
  request: FastifyRequest,
): Promise<Authenticated> {
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
