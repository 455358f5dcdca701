import type { errors } from '@grid/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Refusal, TooMany, refusals } from '../lib/refusal.ts';
import type { Log } from '../lib/log.ts';
import { troubleOf } from '../store/trouble.ts';
import { setHeaders } from './headers.ts';

/** Numbers that clients of /v2 know an error by. */
const NUMBERS: Partial<Record<string, number>> = {
  no_favourite_domain: 4021,
  unauthenticated: 2001,
  not_found: 4004,
  invalid: 4000,
  forbidden: 4003,
  invalid_key: 505,
  own_email: 101,
  invalid_email: 550,
  taken_email: 1004,
};

export type Answered = {
  status: number;
  code: string;
  message: string;
  fields: Record<string, string>;
  retryAfterSeconds?: number;
};

/** Every error in the shape that its part of the API speaks; what nobody expected is logged, not told. */
export function answerErrors(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error, request, reply) => send(request, reply, describe(error, log)));
  app.setNotFoundHandler((request, reply) => {
    const message = `There is nothing at ${request.method} ${request.url.split('?')[0]}.`;
    return send(request, reply, { status: 404, code: 'not_found', message, fields: {} });
  });
}

/** What the framework refuses before it has found a route: an address that means nothing, or is too long. */
export const answerBadAddress =
  (log: Log) =>
  (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    setHeaders(reply);
    void send(request, reply, describe(error, log));
  };

function describe(error: unknown, log: Log): Answered {
  if (error instanceof Refusal)
    return {
      status: refusals[error.code],
      code: error.code,
      message: error.message,
      fields: { ...error.fields },
      ...(error instanceof TooMany && { retryAfterSeconds: error.retryAfterSeconds }),
    };
  const { statusCode, message } = error as { statusCode?: number; message: string };
  if (statusCode !== undefined && statusCode < 500)
    return { status: statusCode, code: 'invalid', message, fields: {} };
  log.error({ err: error }, 'a request failed');
  const trouble = troubleOf(error);
  if (trouble !== undefined)
    return { status: refusals.unavailable, code: 'unavailable', message: trouble, fields: {} };
  return {
    status: 500,
    code: 'failed',
    message: 'The platform failed; its log says why.',
    fields: {},
  };
}

/** What may be asked for again in a while. */
const RETRIED: ReadonlySet<number> = new Set([refusals.too_many, refusals.unavailable]);

/** In seconds, where nothing else is known. */
const RETRIED_AFTER = 5;

/** Each part of the API has its own shape of errors, which its clients know. */
export function errorShapeOf(path: string): keyof typeof errors {
  if (path.startsWith('/v4/')) return 'ErrorOfV4';
  return path.startsWith('/api-tokens') ? 'ErrorOfTokens' : 'ErrorOfV2';
}

export function errorBody(url: string, answered: Answered): string {
  const { status, code, message, fields } = answered;
  const shapes = {
    ErrorOfV4: { code, error: message, context: fields },
    ErrorOfTokens: { code: code.replaceAll('_', '-'), error: message },
    ErrorOfV2: { id: NUMBERS[code] ?? status, message, type: 'error', code, fields },
  } satisfies { [Shape in keyof typeof errors]: z.input<(typeof errors)[Shape]> };
  return JSON.stringify(shapes[errorShapeOf(url.replace(/^\/+/, '/'))]);
}

/** /v4's content type carries no charset: the CLI's stream reader compares it whole. */
function send(request: FastifyRequest, reply: FastifyReply, answered: Answered): FastifyReply {
  reply.code(answered.status).serializer((value) => value as string);
  reply.raw.setHeader('content-type', 'application/json');
  reply.header('content-type', 'application/json');
  if (RETRIED.has(answered.status))
    reply.header('retry-after', String(answered.retryAfterSeconds ?? RETRIED_AFTER));
  return reply.send(Buffer.from(errorBody(request.url, answered)));
}
