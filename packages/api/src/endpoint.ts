import type { z } from 'zod';
import type { Right, Rule, RuleFor } from './rights.ts';

/** The most bytes that a body may have, unless its description says otherwise. */
export const BODY_LIMIT = 16 * 1024;

/** One thing that the HTTP API can do: served, called and listed from this description. */
export type Endpoint<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Result extends z.ZodType = z.ZodType,
  Who extends Rule = Rule,
> = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `:name` stands for a parameter. */
  path: string;
  summary: string;
  /** Who may ask. An `applicationId` in the query is for whoever may read that application. */
  for: Who;
  params: Params;
  query: Query;
  body: Body;
  /** The most bytes that a body may have, where it is not `BODY_LIMIT`. */
  bodyLimit?: number;
  result: Result;
};

export const endpoint = <
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Result extends z.ZodType,
  Who extends RuleFor<z.output<Params>>,
>(
  description: Endpoint<Params, Query, Body, Result, Who>,
): Endpoint<Params, Query, Body, Result, Who> => description;

/** Server-sent events that go on until their window ends, what they are of does, or the client leaves. */
export type Stream<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Data extends z.ZodType = z.ZodType,
  Who extends Exclude<Rule, 'open'> = Exclude<Rule, 'open'>,
> = {
  path: string;
  summary: string;
  for: Who;
  params: Params;
  query: Query;
  /** What the events are called, and what each says; heartbeats and the end come between and after. */
  event: string;
  data: Data;
};

export const stream = <
  Params extends z.ZodType,
  Query extends z.ZodType,
  Data extends z.ZodType,
  Who extends Exclude<RuleFor<z.output<Params>>, 'open'>,
>(
  description: Stream<Params, Query, Data, Who>,
): Stream<Params, Query, Data, Who> => description;

/** Messages both ways, as JSON, over a WebSocket; the client's first says who it is. */
export type Socket<
  FromClient extends z.ZodType = z.ZodType,
  FromPlatform extends z.ZodType = z.ZodType,
> = {
  path: string;
  summary: string;
  /** What a listener may do with the owners whose messages they are told. */
  for: Right;
  fromClient: FromClient;
  fromPlatform: FromPlatform;
  /** What the texts in its messages are, once they are parsed. */
  nested: z.ZodType;
};

export const socket = <FromClient extends z.ZodType, FromPlatform extends z.ZodType>(
  description: Socket<FromClient, FromPlatform>,
): Socket<FromClient, FromPlatform> => description;
